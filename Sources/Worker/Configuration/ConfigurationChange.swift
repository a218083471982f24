// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The part of a reloaded configuration that a running agent applies.
struct ConfigurationChange: Sendable {
    /// The configuration to use: the loaded value of each key that can change, the current value of the others.
    let effective: WorkerConfiguration
    /// The applied keys, in order.
    let applied: [String]
    /// The changed keys that keep their current value until a restart, in order.
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
