// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A setting that was read: its key, help, default and value.
package struct SettingDescription: Hashable, Sendable {
    /// The complete key, such as `haproxy.log_target`.
    package let key: String
    /// A one-line description.
    package let help: String
    /// The values it accepts, such as "1 to 60".
    package let syntax: String
    /// The default value.
    package let defaultValue: SettingValue
    /// The current value.
    package let value: SettingValue
    /// The value's origin: the option, the variable, or the file and the key; nil for the default.
    package let origin: String?

    /// The environment variable that sets it, such as `STEELYARD_HAPROXY_LOG_TARGET`.
    package var variable: String { Self.variable(of: key) }

    /// The prefix of all environment variables.
    package static let variablePrefix = "STEELYARD_"

    /// Returns the environment variable of a key.
    package static func variable(of key: String) -> String {
        variablePrefix + key.uppercased().replacing(".", with: "_")
    }
}
