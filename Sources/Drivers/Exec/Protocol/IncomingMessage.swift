// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// One line of a driver program's standard output.
enum IncomingMessage: Sendable {
    /// A request has succeeded.
    case result(id: Int, JSONValue)
    /// A request has failed.
    case failure(id: Int, ProgramError)
    /// A request needs more time.
    case progress(id: Int)
    /// An unknown notification; ignored, so that later protocol versions may add notifications.
    case unknownNotification

    /// Parses a line.
    ///
    /// - Throws: `ProtocolFault` unless the line is one JSON-RPC 2.0 response or notification.
    init(_ line: [UInt8]) throws(ProtocolFault) {
        let document: JSONDocument
        do throws(JSONSyntaxError) { document = try JSONDocument(line) } catch {
            throw ProtocolFault("sent a line that is not one JSON object: \(Self.excerpt(of: line))")
        }
        let message = document.root
        guard message.member("jsonrpc")?.string == "2.0" else {
            throw ProtocolFault("sent an object that is not a JSON-RPC 2.0 message: \(Self.excerpt(of: line))")
        }
        if let method = message.member("method") {
            self = try Self.notification(method, message)
            return
        }
        guard let id = message.member("id")?.wholeNumber else {
            throw ProtocolFault("sent a response without the id of a request: \(Self.excerpt(of: line))")
        }
        switch (message.member("result"), message.member("error")) {
        case (let result?, nil): self = .result(id: id, result)
        case (nil, let error?): self = .failure(id: id, ProgramError(error))
        default:
            throw ProtocolFault(
                "sent a response without result and error, or with both: \(Self.excerpt(of: line))"
            )
        }
    }

    private static func notification(
        _ method: JSONValue,
        _ message: JSONValue
    ) throws(ProtocolFault) -> IncomingMessage {
        guard let name = method.string, message.member("id") == nil else {
            throw ProtocolFault("sent a request; only the agent sends requests")
        }
        guard name == "progress" else { return .unknownNotification }
        guard let id = message.member("params")?.member("id")?.wholeNumber else {
            throw ProtocolFault("sent a progress notification without the id of a request in its params")
        }
        return .progress(id: id)
    }

    private static func excerpt(of line: [UInt8]) -> String {
        Excerpt.quote(String(decoding: line.prefix(64), as: UTF8.self))
    }
}
