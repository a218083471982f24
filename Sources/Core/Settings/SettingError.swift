// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// An error for an invalid setting.
public struct SettingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The setting's key, such as `haproxy.user`.
    public let key: String
    /// The origin of the value: the option, the variable, or the file and the key.
    ///
    /// The key, if the origin is unknown.
    public let origin: String
    /// The problem, as the end of a sentence that begins with the origin: "must be …".
    public let problem: String

    /// Creates an error.
    ///
    /// - Parameters:
    ///   - key: The complete key, including its group.
    ///   - problem: The problem, as the end of a sentence that begins with the key.
    public init(_ key: String, _ problem: String) { self.init(key, origin: key, problem) }

    init(_ key: String, origin: String, _ problem: String) {
        self.key = key
        self.origin = origin
        self.problem = problem
    }

    /// The complete sentence.
    public var description: String { "\(origin) \(problem)" }
}
