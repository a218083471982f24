// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import SteelyardCore

extension DriverDefinition {
    /// The driver `table`.
    public static let table = DriverDefinition(
        name: "table",
        summary: "Writes a table for a proxy that watches a file.",
        settings: { reader throws(SettingError) in try TableSettings(&reader) },
        check: { settings, context in
            guard settings.separator != "\n" else {
                throw SettingError("table.separator", "must not be a newline")
            }
        },
        make: { settings, context in try TableDriver(settings, context) }
    )
}
