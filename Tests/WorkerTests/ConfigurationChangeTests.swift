// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Testing

@testable import SteelyardWorker

/// The settings of a new configuration that a running agent applies.
@Suite struct ConfigurationChangeTests {
    private func load(_ variables: [String: String]) throws -> WorkerConfiguration {
        var loader = ConfigurationLoader(program: .test)
        loader.environment = variables
        return try loader.load()
    }

    @Test func appliesWhatCanChange() throws {
        let current = try load([:])
        let loaded = try load([
            "STEELYARD_LOG_LEVEL": "debug", "STEELYARD_ARCHIVE_COMPRESSION_LEVEL": "9", "STEELYARD_DRY_RUN": "true",
            "STEELYARD_HAPROXY_MAX_CONNECTIONS": "7", "STEELYARD_GEARMAN_FUNCTION": "other",
            "STEELYARD_GEARMAN_SERVERS": "192.0.2.1", "STEELYARD_DIAGNOSTICS_TIMEOUT": "9",
            "STEELYARD_LIMITS_NODE_COUNT": "5", "STEELYARD_GEARMAN_TLS_CA": "/etc/ca.pem",
        ])
        let change = ConfigurationChange(from: current, to: loaded)
        let live = [
            "gearman.servers", "gearman.tls.ca", "archive.compression_level", "diagnostics.timeout",
            "limits.node_count", "log.level",
        ]
        #expect(change.applied == live)
        let restart = ["gearman.function", "dry_run", "haproxy.max_connections"]
        #expect(change.needingRestart == restart)
        #expect(change.effective.limits.nodeCount == 5)
        #expect(!change.effective.isDryRun)
        #expect(change.effective.servers == loaded.servers)
        #expect(change.effective.tls == loaded.tls)
    }

    @Test func findsNothingWhereNothingChanged() throws {
        let current = try load(["STEELYARD_LOG_LEVEL": "debug"])
        let change = ConfigurationChange(from: current, to: current)
        #expect(change.applied.isEmpty && change.needingRestart.isEmpty)
    }
}
