// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import SteelyardCore

extension DriverDefinition {
    /// The driver `noop`.
    ///
    /// Archived logs have the names that production devices give them.
    public static let noOp = DriverDefinition(
        name: NoOpSettings.group,
        summary: "Simulates a device in memory and touches nothing.",
        logName: "haproxy",
        settings: { reader throws(SettingError) in try NoOpSettings(&reader) },
        check: { settings, _ in try settings.check() },
        make: { settings, _ in
            let device = NoOpDriver()
            return settings.scenario.map { ScenarioDriver(device: device, file: ScenarioFile(path: $0)) } ?? device
        }
    )
}
