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
        effective.storeSettings = loaded.storeSettings
        effective.diagnostics = loaded.diagnostics
        effective.limits = loaded.limits
        effective.log = loaded.log
        effective.metrics = loaded.metrics
        // The function's name stays, since the device is known by it.
        effective.servers = loaded.servers
        effective.tls = loaded.tls
        let live =
            ["gearman.servers", "gearman.tls.", "archive.", "diagnostics.", "limits.", "log.", "metrics."]
            + loaded.storeSettings.keys.map { $0 + "." }
        var (applied, needingRestart): ([String], [String]) = ([], [])
        let known = Dictionary(current.settings.map { ($0.key, $0) }) { first, _ in first }
        effective.settings = loaded.settings.map { new in
            guard let old = known[new.key], old.value != new.value else { return new }
            guard live.contains(where: new.key.hasPrefix) else {
                needingRestart.append(new.key)
                return old
            }
            applied.append(new.key)
            return new
        }
        self.effective = effective
        self.applied = applied
        self.needingRestart = needingRestart
    }
}
