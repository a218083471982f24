// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SteelyardCore

extension FuzzTarget {
    /// A job's payload: the message decoder, and the reply that is made of the payload.
    static let messages = FuzzTarget(name: "messages") { payload in
        guard let document = try? JSONDocument(payload) else {
            try requireReadable(Reply(to: nil, error: "the message is no JSON"))
            return
        }
        let limits = MessageLimits(messageBytes: 1 << 20, nodeCount: 20)
        let found = Result { try Message(document, limits: limits) }
        let reply =
            switch found {
            case .success: Reply(to: document, passed: true, fields: [.init("status", .string("a\"\\\u{1}é"))])
            case .failure(let error): Reply(to: document, error: "\(error)", fields: [.init("version", .integer(-1))])
            }
        let again = try requireReadable(reply)
        try FuzzFailure.requireEqual(
            description(of: found),
            description(of: Result { try Message(again, limits: limits) }),
            "the reply asks for the same as the message"
        )
        let response = reply.passed ? "PASS" : "FAIL"
        try FuzzFailure.requireEqual(again.root.string(of: "hpcs_response"), response, "the reply says what it is")
        try FuzzFailure.requireEqual(
            Reply(to: again, passed: true).bytes,
            Reply(to: try requireReadable(Reply(to: again, passed: true)), passed: true).bytes,
            "a reply to a reply is the same"
        )
    }

    /// Reads a reply, with Foundation's decoder, too.
    @discardableResult
    private static func requireReadable(_ reply: Reply) throws -> JSONDocument {
        do {
            _ = try JSONDecoder().decode(AnyJSON.self, from: Data(reply.bytes))
            return try JSONDocument(reply.bytes)
        } catch { throw FuzzFailure("a reply is no JSON: \(error)") }
    }

    /// A message that was read by its action, and any other by its error.
    private static func description(of message: Result<Message, any Error>) -> String {
        switch message {
        case .success(let message): "\(message.action) in \(message.listName)"
        case .failure(let error): "\(error)"
        }
    }
}

/// Any JSON that Foundation reads.
private struct AnyJSON: Decodable {
    init(from decoder: any Decoder) throws {}
}
