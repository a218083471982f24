// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// What `steelyard status --json` prints: the agent, the device, and what happened last.
struct StatusReport: Hashable, Codable, Sendable {
    /// The agent's process.
    struct Agent: Hashable, Codable, Sendable {
        let name: String
        let release: String
        let processID: Int32
        /// When it was started.
        let since: StatusTime
        let driver: String
        let function: String
        let isDryRun: Bool
        let stateDirectory: String

        enum CodingKeys: String, CodingKey {
            case name, release, since, driver, function
            case processID = "pid"
            case isDryRun = "dry_run"
            case stateDirectory = "state_dir"
        }
    }

    /// What the device does.
    struct Device: Hashable, Codable, Sendable {
        let phase: DevicePhase
        /// Since when, as far as it is known; of a failure, since when the agent knows of it.
        let since: StatusTime?
        /// Why it does not serve, if it should.
        let reason: String?
        let configurationVersion: Int64?

        enum CodingKeys: String, CodingKey {
            case phase, since, reason
            case configurationVersion = "config_version"
        }
    }

    /// The program that serves.
    struct Proxy: Hashable, Codable, Sendable {
        struct OldProcess: Hashable, Codable, Sendable {
            let processID: Int32
            /// For how many seconds it has taken no new connections.
            let seconds: Int

            enum CodingKeys: String, CodingKey {
                case seconds
                case processID = "pid"
            }
        }

        let name: String
        let version: String
        let processID: Int32?
        let since: StatusTime?
        let unexpectedEnds: Int
        let oldProcesses: [OldProcess]
        /// What another program has changed, in lines; nil if the device is as it should be.
        let drift: String?
        let driftCount: Int

        enum CodingKeys: String, CodingKey {
            case name, version, since, drift
            case processID = "pid"
            case unexpectedEnds = "unexpected_ends"
            case oldProcesses = "old_processes"
            case driftCount = "drift_count"
        }
    }

    /// The connection to a job server.
    struct JobServer: Hashable, Codable, Sendable {
        let address: String
        /// Since when the agent takes jobs from it; nil if it takes none.
        let connectedSince: StatusTime?
        /// Since when it takes none.
        let disconnectedSince: StatusTime?
        let reconnectCount: Int
        let lastError: String?
        let lastErrorTime: StatusTime?

        enum CodingKeys: String, CodingKey {
            case address
            case connectedSince = "connected_since"
            case disconnectedSince = "disconnected_since"
            case reconnectCount = "reconnects"
            case lastError = "last_error"
            case lastErrorTime = "last_error_time"
        }
    }

    /// A node.
    struct Node: Hashable, Codable, Sendable {
        let loadBalancer: String?
        let listenerProtocol: String?
        let id: String
        /// UP, DOWN, DISABLED or DRAINING.
        let status: String
        let reason: String?
        let since: StatusTime?
        /// nil for the default pool, and from older agents.
        var pool: String?

        enum CodingKeys: String, CodingKey {
            case id, status, reason, since
            case pool = "pool_id"
            case loadBalancer = "load_balancer_id"
            case listenerProtocol = "protocol"
        }
    }

    /// A certificate that the device shows to its clients or nodes.
    struct Certificate: Hashable, Codable, Sendable {
        let id: String
        let loadBalancer: String?
        let names: [String]
        let notAfter: StatusTime
        /// A sentence if it has expired or soon will.
        let warning: String?

        enum CodingKeys: String, CodingKey {
            case id, names, warning
            case loadBalancer = "load_balancer_id"
            case notAfter = "not_after"
        }
    }

    /// What was sent to clients.
    struct Meter: Hashable, Codable, Sendable {
        /// The bytes since the agent was started, by protocol.
        let bytesOut: [String: UInt64]
        /// When this agent has answered a METRICS with PASS last: what came after is not reported yet.
        let lastMetrics: StatusTime?

        enum CodingKeys: String, CodingKey {
            case bytesOut = "bytes_out"
            case lastMetrics = "last_metrics"
        }
    }

    /// The file system of a directory.
    struct Disk: Hashable, Codable, Sendable {
        /// What it is for: `state` or `log`.
        let name: String
        let directory: String
        let freeBytes: UInt64
        let totalBytes: UInt64

        enum CodingKeys: String, CodingKey {
            case name, directory
            case freeBytes = "free_bytes"
            case totalBytes = "total_bytes"
        }
    }

    /// When the report was made.
    let time: StatusTime
    let agent: Agent
    let device: Device
    /// nil if the driver does not describe its program, or has none to describe.
    let proxy: Proxy?
    let jobServers: [JobServer]
    /// Empty unless the device serves.
    let nodes: [Node]
    /// nil without a load balancer that decrypts TLS, and from older agents.
    var certificates: [Certificate]?
    /// The last changes, the oldest first.
    let changes: [HistoryEntry]
    /// The last ARCHIVE; nil if there was none.
    let lastArchive: HistoryEntry?
    /// nil if the driver does not count bytes.
    let meter: Meter?
    let disks: [Disk]

    enum CodingKeys: String, CodingKey {
        case time, agent, device, proxy, nodes, certificates, changes, meter, disks
        case jobServers = "job_servers"
        case lastArchive = "last_archive"
    }
}
