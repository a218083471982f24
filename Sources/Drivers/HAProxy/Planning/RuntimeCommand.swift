// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// A command to the running HAProxy, and the check of its answer.
///
/// HAProxy's texts differ between versions: only the answers that mean success are known.
struct RuntimeCommand: Hashable, Sendable {
    /// The answer that means success.
    enum Answer: Hashable, Sendable {
        case nothing
        case text(String)
        /// An answer that contains a text, for example after HAProxy's prompts for more input.
        case containing(String)
        /// The list of changes, or the statement that there are none.
        case address
        /// Success, or that the server still has connections: it is deleted later.
        case deletion
    }

    /// The command without its payload.
    let text: String
    let expected: Answer
    /// More lines of input, which end with an empty line.
    private let payload: SecretText?

    init(_ words: HAProxyWord..., answers expected: Answer = .nothing) { self.init(words, answers: expected) }

    init(_ words: [HAProxyWord], answers expected: Answer = .nothing) {
        text = words.map(\.text).joined(separator: " ")
        self.expected = expected
        payload = nil
    }

    /// - Parameter payload: Lines without an empty one; the last ends with a newline.
    init(_ words: HAProxyWord..., payload: SecretText, answers expected: Answer) {
        text = words.map(\.text).joined(separator: " ")
        self.expected = expected
        self.payload = payload
    }

    /// What is sent, without the newline that ends it.
    var input: String { payload.map { "\(text) <<\n\($0.secret)" } ?? text }

    /// Whether this answer means success.
    func isObeyed(_ answer: some StringProtocol) -> Bool {
        switch expected {
        case .nothing: answer.isEmpty
        case .text(let text): answer.hasPrefix(text)
        case .containing(let text): answer.contains(text)
        case .address:
            ["changed from", "no need to change", "nothing changed"].contains { answer.contains($0) }
        case .deletion: answer.hasPrefix("Server deleted.") || Self.isBusy(answer)
        }
    }

    /// Whether a server could not be deleted because it is not idle yet.
    static func isBusy(_ answer: some StringProtocol) -> Bool { answer.contains("still has connections") }
}
