// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// What is known of one setting once it was read.
package struct SettingDescription: Hashable, Sendable {
    /// The whole key, such as `haproxy.log_target`.
    package let key: String
    /// What it sets, in one line.
    package let help: String
    /// Which values it takes, such as "1 to 60".
    package let syntax: String
    /// The value that it has by itself.
    package let defaultValue: SettingValue
    /// The value in use.
    package let value: SettingValue
    /// Where it came from: the option, the variable, or the file and the key; nil for the default.
    package let origin: String?

    /// The variable of the environment that sets it, such as `STEELYARD_HAPROXY_LOG_TARGET`.
    package var variable: String { Self.variable(of: key) }

    /// What the names of all variables begin with.
    package static let variablePrefix = "STEELYARD_"

    /// The variable of the environment for a key.
    package static func variable(of key: String) -> String {
        variablePrefix + key.uppercased().replacing(".", with: "_")
    }
}
