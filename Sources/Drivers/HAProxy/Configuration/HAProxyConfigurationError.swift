// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Says which option of the operator's configuration is wrong, and what is wrong with it.
public struct HAProxyConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The option as the configuration file spells it, such as `haproxy.user`.
    public let option: String
    /// What is wrong, as the end of a sentence that begins with the option.
    public let problem: String

    init(_ option: String, _ problem: String) {
        self.option = option
        self.problem = problem
    }

    /// The whole sentence.
    public var description: String { "\(option) \(problem)" }
}
