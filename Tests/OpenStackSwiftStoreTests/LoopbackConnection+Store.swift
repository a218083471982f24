// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import TestServers

extension LoopbackConnection {
    /// Answers the HEAD with which an upload begins: there is no such object.
    func answerThatObjectIsMissing() {
        _ = readHead()
        answer("404 Not Found")
    }

    /// Takes a request with its content in chunks, and answers it.
    @discardableResult
    func takeUpload(_ status: String = "201 Created", headers: [String] = []) -> [UInt8]? {
        guard readHead() != nil, let content = takeChunks() else { return nil }
        answer(status, headers: headers)
        return content
    }
}

extension String {
    /// The lines of a request's header that the store keeps with the object.
    var metadataLines: [String] {
        split(separator: "\r\n").map(String.init).filter { $0.lowercased().hasPrefix("x-object-meta-") }
    }
}
