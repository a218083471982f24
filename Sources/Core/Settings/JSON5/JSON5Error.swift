// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A syntax error in a JSON5 text.
package struct JSON5Error: Error, Hashable, Sendable, CustomStringConvertible {
    /// A position in the text.
    package struct Position: Hashable, Sendable {
        /// The line, from 1.
        package let line: Int
        /// The column, from 1, in Unicode scalars.
        package let column: Int
    }

    /// The position of the error.
    package let position: Position
    /// The problem.
    package let problem: String

    /// For example `line 3, column 8: expected ','`.
    package var description: String { "line \(position.line), column \(position.column): \(problem)" }
}
