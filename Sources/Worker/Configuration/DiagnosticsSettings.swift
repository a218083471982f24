// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// `diagnostics`: what DIAGNOSTICS tries.
struct DiagnosticsSettings: Sendable {
    /// What the network probe connects to.
    let target: GearmanServer
    /// The seconds that each probe may take, 1 to 60.
    let timeout: Int
    /// How the reply names the job servers.
    let style: DiagnosticsReport.Style

    init(_ settings: inout SettingReader) throws(SettingError) {
        let target = try settings.string(
            "target",
            default: "google.com:80",
            syntax: "HOST:PORT",
            "Address outside that the network probe connects to."
        ) { text throws(InvalidValue) in _ = try Self.target(text) }
        do throws(InvalidValue) { self.target = try Self.target(target) } catch {
            throw SettingError("diagnostics.target", error.problem)
        }
        timeout = try settings.integer("timeout", default: 3, in: 1...60, "Seconds that each probe may take.")
        style = try settings.choice("reply", default: .documented, "Form of the reply's list of job servers.")
    }

    private static func target(_ text: String) throws(InvalidValue) -> GearmanServer {
        guard text.contains(":"), let target = try? GearmanServer(text) else {
            throw InvalidValue("must be HOST:PORT, not \"\(text)\"")
        }
        return target
    }
}
