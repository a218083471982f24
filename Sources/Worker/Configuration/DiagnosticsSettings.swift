// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The settings of the group `diagnostics`.
struct DiagnosticsSettings: Sendable {
    /// The target of the network probe.
    let target: GearmanServer
    /// The timeout of each probe in seconds, 1 to 60.
    let timeout: Int
    /// The format of the job servers in the reply.
    let style: DiagnosticsReport.Style

    init(_ settings: inout SettingReader) throws(SettingError) {
        let target = try settings.string(
            "target",
            default: "google.com:80",
            syntax: "HOST:PORT",
            "External address for the network probe."
        ) { text throws(InvalidValue) in _ = try Self.target(text) }
        do throws(InvalidValue) { self.target = try Self.target(target) } catch {
            throw SettingError("diagnostics.target", error.problem)
        }
        timeout = try settings.integer("timeout", default: 3, in: 1...60, "Timeout of each probe in seconds.")
        style = try settings.choice("reply", default: .documented, "Format of the reply's list of job servers.")
    }

    private static func target(_ text: String) throws(InvalidValue) -> GearmanServer {
        guard text.contains(":"), let target = try? GearmanServer(text) else {
            throw InvalidValue("must be HOST:PORT, not \"\(text)\"")
        }
        return target
    }
}
