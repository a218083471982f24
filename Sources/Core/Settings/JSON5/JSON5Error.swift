// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A fault of a JSON5 text.
package struct JSON5Error: Error, Hashable, Sendable, CustomStringConvertible {
    /// A place in the text.
    package struct Position: Hashable, Sendable {
        /// The line, from 1.
        package let line: Int
        /// The column, from 1, in Unicode scalars.
        package let column: Int
    }

    /// Where the fault is.
    package let position: Position
    /// What is wrong.
    package let problem: String

    /// Such as `line 3, column 8: expected ','`.
    package var description: String { "line \(position.line), column \(position.column): \(problem)" }
}
