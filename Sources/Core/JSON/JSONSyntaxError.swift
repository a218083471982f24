// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Says why some bytes are not the one JSON object that a message must be.
package struct JSONSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, as the end of a sentence that begins with "the message".
    package let problem: String
    /// The offset in bytes at which the problem was found, from 0.
    package let offset: Int

    init(_ problem: String, at offset: Int) {
        self.problem = problem
        self.offset = offset
    }

    /// One sentence that is fit for a reply.
    package var description: String { "invalid JSON at byte \(offset): \(problem)" }
}
