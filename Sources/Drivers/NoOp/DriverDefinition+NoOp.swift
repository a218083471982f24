// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import SteelyardCore

extension DriverDefinition {
    /// The driver `noop`.
    ///
    /// Archived logs have the names that production devices give them.
    public static let noOp = DriverDefinition(
        name: "noop",
        summary: "Simulates a device in memory and touches nothing.",
        logName: "haproxy",
        make: { _ in NoOpDriver() }
    )
}
