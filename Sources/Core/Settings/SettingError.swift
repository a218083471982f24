// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A setting that cannot be used.
public struct SettingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The setting's key, such as `haproxy.user`.
    public let key: String
    /// Where the value came from: the option, the variable, or the file and the key.
    ///
    /// It is the key if that is not known.
    public let origin: String
    /// What is wrong, as the end of a sentence that begins with the origin: "must be …".
    public let problem: String

    /// Creates an error.
    ///
    /// - Parameters:
    ///   - key: The setting's whole key, with its group.
    ///   - problem: What is wrong, as the end of a sentence that begins with the key.
    public init(_ key: String, _ problem: String) { self.init(key, origin: key, problem) }

    init(_ key: String, origin: String, _ problem: String) {
        self.key = key
        self.origin = origin
        self.problem = problem
    }

    /// The whole sentence.
    public var description: String { "\(origin) \(problem)" }
}
