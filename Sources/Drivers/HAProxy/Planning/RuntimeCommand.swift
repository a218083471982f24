// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A command to the running HAProxy, and the check of its answer.
///
/// HAProxy's texts differ between versions: only the answers that mean success are known.
struct RuntimeCommand: Hashable, Sendable {
    /// The answer that means success.
    enum Answer: Hashable, Sendable {
        case nothing
        case text(String)
        /// The list of changes, or the statement that there are none.
        case address
        /// Success, or that the server still has connections: it is deleted later.
        case deletion
    }

    let text: String
    let expected: Answer

    init(_ words: HAProxyWord..., answers expected: Answer = .nothing) { self.init(words, answers: expected) }

    init(_ words: [HAProxyWord], answers expected: Answer = .nothing) {
        text = words.map(\.text).joined(separator: " ")
        self.expected = expected
    }

    /// Whether this answer means success.
    func isObeyed(_ answer: some StringProtocol) -> Bool {
        switch expected {
        case .nothing: answer.isEmpty
        case .text(let text): answer.hasPrefix(text)
        case .address:
            ["changed from", "no need to change", "nothing changed"].contains { answer.contains($0) }
        case .deletion: answer.hasPrefix("Server deleted.") || Self.isBusy(answer)
        }
    }

    /// Whether a server could not be deleted because it is not idle yet.
    static func isBusy(_ answer: some StringProtocol) -> Bool { answer.contains("still has connections") }
}
