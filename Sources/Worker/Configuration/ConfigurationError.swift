// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Says which option, key or variable has which fault; the program then ends with the exit code 78.
struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where the value came from and what is wrong with it, in one sentence.
    let description: String

    /// Creates an error.
    ///
    /// - Parameters:
    ///   - origin: The option, the variable, or the file and the key.
    ///   - problem: What is wrong, as the end of a sentence that begins with the origin.
    init(_ origin: String, _ problem: String) { description = "\(origin) \(problem)" }
}
