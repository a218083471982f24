// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore
import SystemPackage

/// The group `haproxy` of the configuration: the operator's settings for HAProxy.
///
/// It checks every string that ends up in haproxy.cfg, or in an argument that HAProxy parses again.
package struct HAProxySettings: Hashable, Sendable {
    /// The group's name in the configuration.
    static let group = "haproxy"

    /// The service that starts and stops HAProxy.
    package enum Service: String, Hashable, Sendable, CaseIterable {
        /// The agent itself.
        case process
        /// systemd, as the unit haproxy.service.
        case systemd
    }

    let binary: FilePath
    let service: Service
    let config: FilePath?
    let masterSocket: FilePath?
    let log: FilePath?
    let logTarget: CheckedWord?
    let user: CheckedWord?
    let group: CheckedWord?
    let maxConnections: Int
    let suspendGrace: Duration
    /// In seconds.
    let hardStopAfter: Int
    let statistics: StatisticsAddress?
    let deniedNodes: [IPNetwork]
    let bufferSize: Int?
    let maxHeaders: Int?
    let logLineBytes: Int?
    let logsEmptyConnections: Bool
    let logRotateBytes: Int
    let logRotateCount: Int
    let logRotated: [FilePath]

    package init(_ settings: inout SettingReader) throws(SettingError) {
        binary = FilePath(
            try settings.path("binary", default: "/usr/sbin/haproxy", "The HAProxy program.") {
                text throws(InvalidValue) in
                guard !text.utf8.contains(0) else { throw InvalidValue("must be the path of the haproxy program") }
                // A plain name is searched in PATH. HAProxy re-executes itself by the path that started it.
                if FilePath(text).components.count > 1 { _ = try CheckedOption.path(text) }
            }
        ).lexicallyNormalized()
        service = try settings.choice("service", default: .process, "What starts and stops HAProxy.")
        config = try Self.file("config", "HAProxy's configuration file.", &settings)
        masterSocket = try Self.file("master_socket", "Socket on which HAProxy's master accepts commands.", &settings)
        log = try Self.file("log", "Log file that ARCHIVE reads.", &settings)
        logTarget = try Self.word(
            "log_target",
            syntax: "HOST:PORT or path",
            "Address of HAProxy's log directive. If null, HAProxy writes the log itself.",
            &settings,
            CheckedOption.word
        )
        user = try Self.word("user", syntax: "name", "User that HAProxy runs as.", &settings, CheckedOption.account)
        group = try Self.word("group", syntax: "name", "Group that HAProxy runs as.", &settings, CheckedOption.account)
        maxConnections = try settings.integer(
            "max_connections",
            default: 50_000,
            in: 1...2_000_000,
            "Maximum number of concurrent connections. A lower limit of file descriptors reduces it."
        )
        suspendGrace = .seconds(
            try settings.integer(
                "suspend_grace",
                default: 1,
                in: 0...3600,
                "Grace period of open connections after a SUSPEND, in seconds."
            )
        )
        hardStopAfter = try settings.integer(
            "hard_stop_after",
            default: 1800,
            in: 1...86_400,
            "Time limit of an old worker for its connections after a reload, in seconds."
        )
        statistics = try settings.value(
            "stats_bind",
            default: nil,
            syntax: "HOST:PORT",
            "Address of HAProxy's statistics page.",
            isOptional: true,
            show: { $0.map { .string($0.word.text) } ?? .null },
            parse: { value throws(InvalidValue) in try StatisticsAddress(try value.string()) }
        )
        deniedNodes = try settings.value(
            "denied_nodes",
            default: [],
            syntax: "list of networks",
            "Networks in which nodes are not allowed.",
            show: { .list($0.map { .string($0.description) }) },
            parse: { value throws(InvalidValue) in try CheckedOption.networks(value.strings()) }
        )
        // A line of commands to the running HAProxy must fit into a buffer, so HAProxy's default is the minimum.
        bufferSize = try settings.optionalInteger(
            "buffer_size",
            in: 16_384...1_048_576,
            "Size of each of a connection's two buffers, in bytes. If null, HAProxy's default of 16384."
        )
        maxHeaders = try settings.optionalInteger(
            "max_headers",
            in: 64...32_767,
            "Maximum number of header fields per message. If null, HAProxy's default of 101."
        )
        logLineBytes = try settings.optionalInteger(
            "log_line_bytes",
            in: 256...65_535,
            "Maximum length of a log line, in bytes. If null, 16384, or HAProxy's default of 1024 with a log_target."
        )
        logsEmptyConnections = try settings.boolean(
            "log_empty_connections",
            default: true,
            "Log connections without a request or data."
        )
        logRotateBytes = try settings.value(
            "log_rotate_bytes",
            default: 268_435_456,
            syntax: "0, or 65536 to 1099511627776",
            "Size in bytes at which the agent rotates a log that HAProxy writes itself. 0 disables rotation.",
            show: { .integer($0) },
            parse: { value throws(InvalidValue) in
                let bytes = try value.integer(in: 0...1 << 40)
                guard bytes == 0 || bytes >= LogRotation.leastBytes else {
                    throw InvalidValue("must be 0, or at least \(LogRotation.leastBytes), not \(bytes)")
                }
                return bytes
            }
        )
        logRotateCount = try settings.integer(
            "log_rotate_count",
            default: 8,
            in: 1...10_000,
            "Number of rotated files to keep."
        )
        logRotated = try settings.paths(
            "log_rotated",
            "Additional directories with rotated files of the log, such as logrotate's olddir."
        ) { text throws(InvalidValue) in _ = try CheckedOption.path(text) }.map { FilePath($0).lexicallyNormalized() }
    }

    private static func file(
        _ name: String,
        _ help: String,
        _ settings: inout SettingReader
    ) throws(SettingError) -> FilePath? {
        try settings.optionalPath(name, help) { text throws(InvalidValue) in _ = try CheckedOption.path(text) }
            .map { FilePath(CheckedOption.absolute($0)) }
    }

    private static func word(
        _ name: String,
        syntax: String,
        _ help: String,
        _ settings: inout SettingReader,
        _ check: (String) throws(InvalidValue) -> CheckedWord
    ) throws(SettingError) -> CheckedWord? {
        try settings.value(
            name,
            default: nil,
            syntax: syntax,
            help,
            isOptional: true,
            show: { $0.map { .string($0.text) } ?? .null },
            parse: { value throws(InvalidValue) in try check(try value.string()) }
        )
    }
}
