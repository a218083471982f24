// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// What of a newly loaded configuration a running agent uses.
struct ConfigurationChange: Sendable {
    /// The configuration to run with: the loaded one where a key can change, the current one elsewhere.
    let effective: WorkerConfiguration
    /// The keys that are applied, in their order.
    let applied: [String]
    /// The keys that have changed and keep their current value until a restart, in their order.
    let needingRestart: [String]

    init(from current: WorkerConfiguration, to loaded: WorkerConfiguration) {
        var effective = current
        effective.archive = loaded.archive
        effective.diagnostics = loaded.diagnostics
        effective.limits = loaded.limits
        effective.log = loaded.log
        // The function's name stays, since the device is known by it.
        effective.servers = loaded.servers
        effective.tls = loaded.tls
        self.effective = effective
        let changed = ConfigurationKey.all.filter { $0.show(current)?.json != $0.show(loaded)?.json }
        func isApplied(_ key: ConfigurationKey) -> Bool { key.show(effective)?.json == key.show(loaded)?.json }
        applied = changed.filter(isApplied).map(\.name)
        needingRestart = changed.filter { !isApplied($0) }.map(\.name)
    }
}
