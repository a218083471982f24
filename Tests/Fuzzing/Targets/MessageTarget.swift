// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SteelyardCore

extension FuzzTarget {
    /// A job's payload: the message decoder, and the reply made from the payload.
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
        // A masked private key is a string, whatever it was.
        let isMasked = stars(in: reply.bytes) != stars(in: payload)
        if !isMasked {
            try FuzzFailure.requireEqual(
                description(of: found),
                description(of: Result { try Message(again, limits: limits) }),
                "the reply has the message's action"
            )
        }
        let response = reply.passed ? "PASS" : "FAIL"
        try FuzzFailure.requireEqual(again.root.string(of: "hpcs_response"), response, "the reply has its response")
        try FuzzFailure.requireEqual(
            Reply(to: again, passed: true).bytes,
            Reply(to: try requireReadable(Reply(to: again, passed: true)), passed: true).bytes,
            "the reply to a reply is the same"
        )
    }

    private static func stars(in bytes: [UInt8]) -> Int { bytes.count { $0 == UInt8(ascii: "*") } }

    /// Parses a reply, also with Foundation's decoder.
    @discardableResult
    private static func requireReadable(_ reply: Reply) throws -> JSONDocument {
        do {
            _ = try JSONDecoder().decode(AnyJSON.self, from: Data(reply.bytes))
            return try JSONDocument(reply.bytes)
        } catch { throw FuzzFailure("a reply is no JSON: \(error)") }
    }

    /// A valid message by its action, an invalid one by its error.
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
