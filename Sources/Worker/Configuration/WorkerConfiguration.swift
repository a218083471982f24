// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import SteelyardCore

/// All settings of the agent, checked.
///
/// Each names its key in the configuration file.
public struct WorkerConfiguration: Sendable {
    /// `gearman.servers`: the job servers; at least one.
    public internal(set) var servers: [GearmanServer] = []
    /// `gearman.function`: the function that jobs are submitted to; by default the host's name.
    public internal(set) var function = ""
    /// `gearman.tls`: how connections to the job servers are encrypted; nil for plain TCP, if all of its keys are null.
    public internal(set) var tls: TLSSettings?
    /// `driver`: the name of the driver.
    public internal(set) var driver = "haproxy"
    /// `dry_run`: whether changes are only previewed.
    public internal(set) var isDryRun = false
    /// `state_dir`: the folder of everything that survives the agent; absolute.
    public internal(set) var stateDirectory = "/var/lib/steelyard"
    /// `haproxy`: how HAProxy is run.
    public internal(set) var haproxy = HAProxySettings()
    /// `archive`: how logs are shipped.
    public internal(set) var archive = ArchiveSettings()
    /// `diagnostics`: what DIAGNOSTICS tries.
    public internal(set) var diagnostics = DiagnosticsSettings()
    /// `limits`: how large a message may be.
    public internal(set) var limits = MessageLimits()
    /// `log`: what is logged, and how.
    public internal(set) var log = LogSettings()

    /// The settings under `haproxy`.
    public struct HAProxySettings: Sendable {
        /// The program.
        public internal(set) var binary = "/usr/sbin/haproxy"
        /// Who starts it: `process` or `systemd`.
        public internal(set) var service = "process"
        /// Its configuration file; nil for what fits the service.
        public internal(set) var config: String?
        /// Where its master takes commands; nil for what fits the service.
        public internal(set) var masterSocket: String?
        /// The log file to archive; nil for what fits the service.
        public internal(set) var log: String?
        /// The address of HAProxy's `log` directive; nil for what fits the service.
        public internal(set) var logTarget: String?
        /// The user to run it as; nil for what fits the service.
        public internal(set) var user: String?
        /// The group to run it as; nil for what fits the service.
        public internal(set) var group: String?
        /// The greatest number of connections at a time, 1 to 2,000,000.
        public internal(set) var maximumConnections = 50_000
        /// The seconds that what is under way has after a SUSPEND, 0 to 3,600.
        public internal(set) var suspendGrace = 1
        /// The seconds that a worker of before a reload has, 1 to 86,400.
        public internal(set) var hardStopAfter = 1800
        /// Where it shows its statistics, HOST:PORT; nil for nowhere.
        public internal(set) var statsBind: String?
        /// The networks that no node may be in.
        public internal(set) var deniedNodes: [String] = []
        /// The bytes of a buffer, 16,384 to 1,048,576; nil for its own default.
        public internal(set) var bufferSize: Int?
        /// The most header fields of a request or response, 64 to 32,767; nil for its own default.
        public internal(set) var maxHeaders: Int?
        /// The bytes of a log line, 256 to 65,535; nil for what fits the target.
        public internal(set) var logLineBytes: Int?
        /// Whether it logs connections without a request or data.
        public internal(set) var logsEmptyConnections = true
        /// The bytes from which on the log that it writes itself is rotated, 65,536 to 2^40; 0 for never.
        public internal(set) var logRotateBytes = 268_435_456
        /// How many rotated files are kept, 1 to 10,000.
        public internal(set) var logRotateCount = 8
        /// More folders with rotated files of the log.
        public internal(set) var logRotated: [String] = []
    }

    /// The settings under `archive`.
    public struct ArchiveSettings: Sendable {
        /// The only endpoints that an ARCHIVE may send to; if empty, all that have no local address.
        public internal(set) var endpoints: [AllowedEndpoint] = []
        /// What an ARCHIVE sends: `full`, all that there is of the log, or `incremental`, what none before it has sent.
        public internal(set) var mode = "full"
        /// A file of certificate authorities to trust instead of the system's.
        public internal(set) var authority: String?
        /// libdeflate's level, 1 to 12.
        public internal(set) var compressionLevel = 6
        /// The bytes from which on an object is stored in segments.
        public internal(set) var segmentBytes = 5_368_709_120
    }

    /// The settings under `diagnostics`.
    public struct DiagnosticsSettings: Sendable {
        /// What the network probe connects to.
        public internal(set) var target = "google.com:80"
        /// The seconds that each probe may take, 1 to 60.
        public internal(set) var timeout = 3
        /// How the reply names the job servers.
        public internal(set) var style = DiagnosticsReport.Style.documented
    }

    /// The settings under `log`.
    public struct LogSettings: Sendable {
        /// The least level that is logged: swift-log's names, `trace` to `critical`.
        public internal(set) var level = "info"
        /// `text` or `json`.
        public internal(set) var format = "text"
    }

    init() {}
}

extension WorkerConfiguration {
    /// The same configuration with every path absolute: HAProxy and its sockets must not depend on a working directory.
    func withAbsolutePaths(from folder: String) -> WorkerConfiguration {
        func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "\(folder)/\(path)" }
        var configuration = self
        configuration.tls?.ca = tls?.ca.map(absolute)
        configuration.tls?.certificate = tls?.certificate.map(absolute)
        configuration.tls?.key = tls?.key.map(absolute)
        configuration.stateDirectory = absolute(stateDirectory)
        configuration.haproxy.binary = absolute(haproxy.binary)
        configuration.haproxy.config = haproxy.config.map(absolute)
        configuration.haproxy.masterSocket = haproxy.masterSocket.map(absolute)
        configuration.haproxy.log = haproxy.log.map(absolute)
        configuration.haproxy.logRotated = haproxy.logRotated.map(absolute)
        configuration.archive.authority = archive.authority.map(absolute)
        return configuration
    }
}
