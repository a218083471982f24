// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// An error of an option, a key or a variable; the program then exits with the code 78.
struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The origin of the value and the problem, in one sentence.
    let description: String

    /// Creates an error.
    ///
    /// - Parameters:
    ///   - origin: The option, the variable, or the file and the key.
    ///   - problem: The problem, as the end of a sentence that begins with the origin.
    init(_ origin: String, _ problem: String) { description = "\(origin) \(problem)" }
}
