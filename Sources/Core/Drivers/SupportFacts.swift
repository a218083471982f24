// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// What of a driver is of use to support: `steelyard bundle` collects it, with secrets masked.
package struct SupportFacts: Sendable {
    /// A program to run for what it prints; it changes nothing.
    package struct Program: Sendable {
        /// The program's file, absolute.
        package let file: String
        package let arguments: [String]

        /// Creates a description.
        package init(_ file: String, _ arguments: [String]) {
            self.file = file
            self.arguments = arguments
        }
    }

    /// Text files, absolute; those that do not exist are left out.
    package var files: [String] = []
    /// Programs that describe themselves.
    package var programs: [Program] = []
    /// Units of the service manager.
    package var units: [String] = []
    /// The log that an ARCHIVE reads, absolute; it has data of clients.
    package var log: String?

    /// Creates an empty description.
    package init() {}
}
