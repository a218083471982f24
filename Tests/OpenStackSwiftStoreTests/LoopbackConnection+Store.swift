// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import TestServers

extension LoopbackConnection {
    /// Answers the HEAD at the start of an upload: the object does not exist.
    func answerThatObjectIsMissing() {
        _ = readHead()
        answer("404 Not Found")
    }

    /// Reads a request with chunked content, and answers it.
    @discardableResult
    func takeUpload(_ status: String = "201 Created", headers: [String] = []) -> [UInt8]? {
        guard readHead() != nil, let content = takeChunks() else { return nil }
        answer(status, headers: headers)
        return content
    }
}

extension String {
    /// The header lines of a request that the store keeps with the object.
    var metadataLines: [String] {
        split(separator: "\r\n").map(String.init).filter { $0.lowercased().hasPrefix("x-object-meta-") }
    }
}
