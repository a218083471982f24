// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Says why some bytes are not the one JSON object that a message must be.
public struct JSONSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, as the end of a sentence that begins with "the message".
    public let problem: String
    /// The offset in bytes at which the problem was found, from 0.
    public let offset: Int

    init(_ problem: String, at offset: Int) {
        self.problem = problem
        self.offset = offset
    }

    /// One sentence that is fit for a reply.
    public var description: String { "the message \(problem) (at byte \(offset))" }
}
