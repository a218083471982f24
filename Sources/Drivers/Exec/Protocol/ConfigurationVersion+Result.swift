// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension ConfigurationVersion {
    /// Parses the result of `configuration_version`.
    ///
    /// - Returns: nil if there is no version.
    /// - Throws: `ProtocolFault` if the member is missing or invalid.
    static func read(program result: JSONValue) throws(ProtocolFault) -> ConfigurationVersion? {
        guard let member = result.member("config_version") else {
            throw ProtocolFault("answered 'configuration_version' without config_version, a whole number or null")
        }
        guard !member.isNull else { return nil }
        guard let number = member.wholeNumber, let version = try? ConfigurationVersion(number) else {
            throw ProtocolFault("answered 'configuration_version' with an invalid config_version, not a whole number")
        }
        return version
    }
}
