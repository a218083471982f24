// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The version of a device's configuration, assigned by the control plane: the field `config_version`.
///
/// Versions are compared, so that a delayed job cannot undo a newer change.
public struct ConfigurationVersion: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The version's number, 0 to 2⁶³ − 1.
    public let number: Int

    /// Validates a version.
    ///
    /// - Throws: `InvalidValue` for a negative number.
    public init(_ number: Int) throws(InvalidValue) {
        try InvalidValue.requireRange(number, 0...Int.max)
        self.number = number
    }

    /// Whether the first version is older than the second.
    public static func < (first: ConfigurationVersion, second: ConfigurationVersion) -> Bool {
        first.number < second.number
    }

    /// The number in decimal digits.
    public var description: String { String(number) }
}
