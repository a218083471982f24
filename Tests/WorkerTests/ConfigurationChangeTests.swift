// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Testing

@testable import SteelyardWorker

/// What of a new configuration a running agent uses.
@Suite struct ConfigurationChangeTests {
    private func load(_ variables: [String: String]) throws -> WorkerConfiguration {
        var loader = ConfigurationLoader()
        loader.environment = variables
        return try loader.load()
    }

    @Test(arguments: [true, false]) func appliesWhatCanChange(_ appliesTransport: Bool) throws {
        let current = try load([:])
        let loaded = try load([
            "STEELYARD_LOG_LEVEL": "debug", "STEELYARD_ARCHIVE_COMPRESSION_LEVEL": "9", "STEELYARD_DRY_RUN": "true",
            "STEELYARD_HAPROXY_MAX_CONNECTIONS": "7", "STEELYARD_GEARMAN_FUNCTION": "other",
            "STEELYARD_GEARMAN_SERVERS": "192.0.2.1", "STEELYARD_DIAGNOSTICS_TIMEOUT": "9",
            "STEELYARD_LIMITS_NODE_COUNT": "5",
        ])
        let change = ConfigurationChange(from: current, to: loaded, appliesTransport: appliesTransport)
        let live = ["archive.compression_level", "diagnostics.timeout", "limits.node_count", "log.level"]
        #expect(change.applied == (appliesTransport ? ["gearman.servers"] : []) + live)
        let restart = ["gearman.function", "dry_run", "haproxy.max_connections"]
        #expect(change.needingRestart == (appliesTransport ? [] : ["gearman.servers"]) + restart)
        #expect(change.effective.limits.nodeCount == 5)
        #expect(!change.effective.isDryRun)
        #expect(change.effective.servers == (appliesTransport ? loaded : current).servers)
    }

    @Test func findsNothingWhereNothingChanged() throws {
        let current = try load(["STEELYARD_LOG_LEVEL": "debug"])
        let change = ConfigurationChange(from: current, to: current, appliesTransport: true)
        #expect(change.applied.isEmpty && change.needingRestart.isEmpty)
    }
}
