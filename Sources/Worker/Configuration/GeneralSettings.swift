// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The settings without a group.
struct GeneralSettings: Sendable {
    let driver: DriverDefinition
    let isDryRun: Bool
    let stateDirectory: String

    /// - Parameter drivers: The drivers to choose from; the first is the default.
    init(_ settings: inout SettingReader, _ drivers: [DriverDefinition]) throws(SettingError) {
        guard let first = drivers.first else {
            throw SettingError("driver", "has no value: no driver is registered")
        }
        let names = drivers.map(\.name)
        driver = try settings.value(
            "driver",
            default: first,
            syntax: names.joined(separator: ", "),
            "The driver.",
            show: { .string($0.name) },
            parse: { value throws(InvalidValue) in
                let name = try value.string()
                guard let driver = drivers.first(where: { $0.name == name }) else {
                    throw InvalidValue("must be one of \(names.joined(separator: ", ")), not \"\(name)\"")
                }
                return driver
            }
        )
        isDryRun = try settings.boolean("dry_run", default: false, "Validate and log changes without applying them.")
        stateDirectory = try settings.path(
            "state_dir",
            default: "/var/lib/steelyard",
            "Directory for persistent state."
        )
    }
}
