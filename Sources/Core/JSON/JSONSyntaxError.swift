// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A syntax error in a message.
package struct JSONSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The problem, such as "expected an object".
    package let problem: String
    /// The offset of the error in bytes, from 0.
    package let offset: Int

    init(_ problem: String, at offset: Int) {
        self.problem = problem
        self.offset = offset
    }

    /// The error as one sentence for a reply.
    package var description: String { "invalid JSON at byte \(offset): \(problem)" }
}
