// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension ConfigurationVersion {
    /// Reads the result of `configuration_version`.
    ///
    /// - Returns: nil where there is no version.
    /// - Throws: `ProtocolFault` where the member is missing or wrong.
    static func read(program result: JSONValue) throws(ProtocolFault) -> ConfigurationVersion? {
        guard let member = result.member("config_version") else {
            throw ProtocolFault("answered 'configuration_version' without config_version, a whole number or null")
        }
        guard !member.isNull else { return nil }
        guard let number = member.wholeNumber, let version = try? ConfigurationVersion(number) else {
            throw ProtocolFault("answered 'configuration_version' with a config_version that is no whole number from 0")
        }
        return version
    }
}
