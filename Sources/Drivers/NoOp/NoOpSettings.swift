// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore

/// The configuration's group `noop`.
package struct NoOpSettings: Sendable {
    /// The configuration's group.
    static let group = "noop"

    /// The path of the scenario file; nil for a device without faults.
    let scenario: String?

    package init(_ settings: inout SettingReader) throws(SettingError) {
        scenario = try settings.optionalPath(
            "scenario",
            "JSON5 file with faults that the simulated device has, such as nodes that are down."
        )
    }

    /// Checks that the scenario can be used.
    ///
    /// - Throws: `SettingError` for a file that cannot be read, or is not a scenario.
    func check() throws(SettingError) {
        guard let scenario else { return }
        do throws(ScenarioError) { _ = try ScenarioFile.read(scenario) } catch {
            throw SettingError("\(Self.group).scenario", "cannot be used: \(error)")
        }
    }
}
