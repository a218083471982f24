// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
public import SystemPackage

/// How the operator wants HAProxy to be run: the configuration file's `haproxy`, with the folder of the state.
///
/// Every string that ends up in haproxy.cfg, or in an argument that HAProxy takes apart again, is checked here, once.
public struct HAProxyConfiguration: Hashable, Sendable {
    /// Who starts HAProxy and stops it.
    public enum Service: String, Hashable, Sendable, CaseIterable {
        /// The agent itself.
        case process
        /// systemd, as the unit haproxy.service.
        case systemd
    }

    /// Who starts HAProxy and stops it.
    public let service: Service
    /// The HAProxy program.
    public let binary: FilePath
    /// The folder for the state and the sockets; absolute.
    public var stateDirectory: FilePath { FilePath(words.stateDirectory.text) }
    /// The configuration that HAProxy runs; absolute.
    public let config: FilePath
    /// Where the master takes commands; absolute.
    public let masterSocket: FilePath
    /// The log that ARCHIVE reads; absolute.
    public let log: FilePath
    /// The address of HAProxy's `log` directive; nil to write straight into ``log``.
    public var logTarget: String? { words.logTarget?.text }
    /// The user that HAProxy runs as; nil for the agent's own.
    public var user: String? { words.user?.text }
    /// The group that HAProxy runs as; nil for the agent's own.
    public var group: String? { words.group?.text }
    /// The most connections at a time, 1 to 2,000,000; fewer where the system does not give as many descriptors.
    public let maxConnections: Int
    /// How long requests and connections that are under way may go on after a SUSPEND.
    public let suspendGrace: Duration
    /// The seconds after which a worker that only finishes what it has is ended, 1 to 86,400.
    public let hardStopAfter: Int
    /// The bytes of each of a connection's two buffers, 16,384 to 1,048,576; nil for HAProxy's default, 16,384.
    public let bufferSize: Int?
    /// The most header fields of a request or response, 64 to 32,767; nil for HAProxy's default, 101.
    public let maxHeaders: Int?
    /// The bytes of a log line, 256 to 65,535; nil for HAProxy's default, 1,024.
    public let logLineBytes: Int?
    /// Whether connections without a request or data are logged.
    public let logsEmptyConnections: Bool
    /// The networks that no node may be in.
    let deniedNodes: [IPNetwork]
    /// The bytes from which on HAProxy's log is rotated, 65,536 to 2^40; 0 for never.
    public let logRotateBytes: Int
    /// How many rotated files are kept, 1 to 10,000.
    public let logRotateCount: Int
    /// More folders with rotated files of the log, such as logrotate's `olddir`; absolute.
    public let logRotated: [FilePath]
    /// Where the statistics are shown; nil for nowhere.
    let statistics: StatisticsAddress?
    /// The program that speaks to systemd.
    var systemctl: FilePath = "systemctl"
    /// What may stand in haproxy.cfg.
    let words: Words

    struct Words: Hashable, Sendable {
        let stateDirectory: CheckedWord
        let logTarget: CheckedWord?
        let user: CheckedWord?
        let group: CheckedWord?
        /// Whom the workers' socket belongs to, where HAProxy is started by root and the agent is not.
        let socketOwner: CheckedWord?
    }

    /// Checks a configuration.
    ///
    /// - Parameters:
    ///   - service: Who starts HAProxy; some defaults depend on it.
    ///   - binary: The HAProxy program: a path, or a name to be looked for in `PATH`.
    ///   - stateDirectory: The folder for the state; a relative path begins at the working directory.
    ///   - config: Where haproxy.cfg is; `haproxy.cfg` in the state's folder by default, or in /etc/haproxy for systemd.
    ///   - masterSocket: Where the master takes commands; `master.sock` in the state's folder by default, or
    ///     /run/haproxy-master.sock for systemd.
    ///   - log: The log file to archive; `haproxy.log` in the state's folder by default, or in /var/log for systemd.
    ///   - logTarget: Where HAProxy logs to, such as `127.0.0.1:514` or `/dev/log`; straight into `log` by default, or
    ///     /dev/log for systemd.
    ///   - user: The user to run HAProxy as; for systemd, haproxy by default.
    ///   - group: The group to run HAProxy as; for systemd, haproxy by default.
    ///   - maxConnections: The most connections at a time, 1 to 2,000,000.
    ///   - suspendGrace: The seconds that what is under way has after a SUSPEND, 0 to 3,600.
    ///   - hardStopAfter: The seconds that an old worker has, 1 to 86,400.
    ///   - statsBind: Where HAProxy shows its statistics: HOST:PORT.
    ///   - deniedNodes: The networks that no node may be in, such as `192.0.2.0/24`.
    ///   - bufferSize: The bytes of a buffer, 16,384 to 1,048,576; HAProxy's default where it is nil.
    ///   - maxHeaders: The most header fields of a request or response, 64 to 32,767; HAProxy's default where it is nil.
    ///   - logLineBytes: The bytes of a log line, 256 to 65,535; by default 16,384 straight into the log, and with a
    ///     `logTarget` HAProxy's default of 1,024, which every syslog daemon takes.
    ///   - logsEmptyConnections: Whether connections without a request or data are logged.
    ///   - logRotateBytes: The bytes from which on the log is rotated if HAProxy writes it itself, 65,536 to 2^40; 0 for
    ///     never.
    ///   - logRotateCount: How many rotated files are kept, 1 to 10,000.
    ///   - logRotated: More folders with rotated files of the log.
    /// - Throws: `HAProxyConfigurationError`, which names the option as the configuration file spells it.
    public init(
        service: Service = .process,
        binary: String = "/usr/sbin/haproxy",
        stateDirectory: String = "/var/lib/steelyard",
        config: String? = nil,
        masterSocket: String? = nil,
        log: String? = nil,
        logTarget: String? = nil,
        user: String? = nil,
        group: String? = nil,
        maxConnections: Int = 50_000,
        suspendGrace: Int = 1,
        hardStopAfter: Int = 1800,
        statsBind: String? = nil,
        deniedNodes: [String] = [],
        bufferSize: Int? = nil,
        maxHeaders: Int? = nil,
        logLineBytes: Int? = nil,
        logsEmptyConnections: Bool = true,
        logRotateBytes: Int = 256 << 20,
        logRotateCount: Int = 8,
        logRotated: [String] = []
    ) throws(HAProxyConfigurationError) {
        guard !binary.isEmpty, !binary.utf8.contains(0) else {
            throw HAProxyConfigurationError("haproxy.binary", "must be the path of the haproxy program")
        }
        self.maxConnections = try CheckedOption.number(maxConnections, in: 1...2_000_000, "haproxy.max_connections")
        self.suspendGrace = .seconds(try CheckedOption.number(suspendGrace, in: 0...3600, "haproxy.suspend_grace"))
        self.hardStopAfter = try CheckedOption.number(hardStopAfter, in: 1...86_400, "haproxy.hard_stop_after")
        statistics = try StatisticsAddress(statsBind)
        self.deniedNodes = try CheckedOption.networks(deniedNodes, "haproxy.denied_nodes")
        // A line of commands to the running HAProxy must fit into a buffer: no less than HAProxy's default.
        self.bufferSize = try CheckedOption.number(bufferSize, in: 16_384...1_048_576, "haproxy.buffer_size")
        self.maxHeaders = try CheckedOption.number(maxHeaders, in: 64...32_767, "haproxy.max_headers")
        let lineBytes = try CheckedOption.number(logLineBytes, in: 256...65_535, "haproxy.log_line_bytes")
        self.logsEmptyConnections = logsEmptyConnections
        self.logRotateBytes =
            logRotateBytes == 0
            ? 0
            : try CheckedOption.number(logRotateBytes, in: LogRotation.leastBytes...1 << 40, "haproxy.log_rotate_bytes")
        self.logRotateCount = try CheckedOption.number(logRotateCount, in: 1...10_000, "haproxy.log_rotate_count")
        self.logRotated = try CheckedOption.paths(logRotated, "haproxy.log_rotated")
        self.service = service
        let path = FilePath(binary)
        // A mere name is looked for in PATH; HAProxy starts itself again by whatever path it was started by.
        self.binary =
            path.components.count > 1
            ? FilePath(try CheckedOption.path(binary, "haproxy.binary").text) : path
        let defaults = ServiceDefaults(service)
        words = Words(
            stateDirectory: try CheckedOption.path(stateDirectory, "state_dir"),
            logTarget: try CheckedOption.word(logTarget ?? defaults.logTarget, "haproxy.log_target"),
            user: try CheckedOption.account(user ?? defaults.user, "haproxy.user"),
            group: try CheckedOption.account(group ?? defaults.group, "haproxy.group"),
            socketOwner: try CheckedOption.account(defaults.socketOwner, "haproxy.service")
        )
        self.logLineBytes = lineBytes ?? (words.logTarget == nil ? 16_384 : nil)
        let folder = FilePath(words.stateDirectory.text)
        self.config = try Self.file(config, "haproxy.config") ?? defaults.config ?? folder.appending("haproxy.cfg")
        self.masterSocket =
            try Self.file(masterSocket, "haproxy.master_socket") ?? defaults.masterSocket
            ?? folder.appending("master.sock")
        self.log = try Self.file(log, "haproxy.log") ?? defaults.log ?? folder.appending("haproxy.log")
        let files = DeviceFiles(self)
        try CheckedOption.requireSocketLength(files.adminSocket, "state_dir")
        try CheckedOption.requireSocketLength(
            files.masterSocket,
            masterSocket == nil && defaults.masterSocket == nil ? "state_dir" : "haproxy.master_socket"
        )
    }

    private static func file(_ text: String?, _ option: String) throws(HAProxyConfigurationError) -> FilePath? {
        guard let text else { return nil }
        return FilePath(try CheckedOption.path(text, option).text)
    }
}
