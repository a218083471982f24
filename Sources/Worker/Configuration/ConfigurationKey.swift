// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import LogArchiving
import SteelyardCore

/// One setting: its key, how its value is checked and taken, and how it is shown.
struct ConfigurationKey: Sendable {
    /// Throws nothing but `ConfigurationValue.Mismatch`; a closure without a type of its own cannot say so.
    typealias Take = @Sendable (inout WorkerConfiguration, ConfigurationValue) throws -> Void

    /// The dotted key, as in the file: `haproxy.log_target`.
    let name: String
    let take: Take
    let show: @Sendable (WorkerConfiguration) -> JSONFragment?

    init(_ name: String, _ take: @escaping Take, _ show: @escaping @Sendable (WorkerConfiguration) -> JSONFragment?) {
        self.name = name
        self.take = take
        self.show = show
    }

    /// The environment's name for it: `STEELYARD_HAPROXY_LOG_TARGET`.
    var variable: String { "STEELYARD_" + name.uppercased().replacing(".", with: "_") }

    static let all: [ConfigurationKey] = [
        ConfigurationKey(
            "gearman.servers",
            { $0.servers = try servers($1) },
            { configuration in
                .array(configuration.servers.map { .string($0.description) })
            }
        ),
        ConfigurationKey(
            "gearman.function",
            { $0.function = try function($1) ?? HostName.current },
            { .string($0.function) }
        ),
        ConfigurationKey(
            "gearman.tls.ca",
            { $0.setTLS(\.ca, to: try $1.optionalString()) },
            { text($0.tls?.ca) }
        ),
        ConfigurationKey(
            "gearman.tls.certificate",
            { $0.setTLS(\.certificate, to: try $1.optionalString()) },
            { text($0.tls?.certificate) }
        ),
        ConfigurationKey(
            "gearman.tls.key",
            { $0.setTLS(\.key, to: try $1.optionalString()) },
            { text($0.tls?.key) }
        ),
        ConfigurationKey(
            "gearman.tls.server_name",
            { $0.setTLS(\.serverName, to: try serverName($1)) },
            { text($0.tls?.serverName) }
        ),
        ConfigurationKey("driver", { $0.driver = try $1.string() }, { .string($0.driver) }),
        ConfigurationKey("dry_run", { $0.isDryRun = try $1.boolean() }, { .boolean($0.isDryRun) }),
        ConfigurationKey("state_dir", { $0.stateDirectory = try $1.string() }, { .string($0.stateDirectory) }),
        ConfigurationKey("haproxy.binary", { $0.haproxy.binary = try $1.string() }, { .string($0.haproxy.binary) }),
        ConfigurationKey(
            "haproxy.service",
            { $0.haproxy.service = try $1.choice(of: ["process", "systemd"]) },
            { .string($0.haproxy.service) }
        ),
        ConfigurationKey(
            "haproxy.config",
            { $0.haproxy.config = try $1.optionalString() },
            { text($0.haproxy.config) }
        ),
        ConfigurationKey(
            "haproxy.master_socket",
            { $0.haproxy.masterSocket = try $1.optionalString() },
            { text($0.haproxy.masterSocket) }
        ),
        ConfigurationKey("haproxy.log", { $0.haproxy.log = try $1.optionalString() }, { text($0.haproxy.log) }),
        ConfigurationKey(
            "haproxy.log_target",
            { $0.haproxy.logTarget = try $1.optionalString() },
            {
                text($0.haproxy.logTarget)
            }
        ),
        ConfigurationKey("haproxy.user", { $0.haproxy.user = try $1.optionalString() }, { text($0.haproxy.user) }),
        ConfigurationKey("haproxy.group", { $0.haproxy.group = try $1.optionalString() }, { text($0.haproxy.group) }),
        ConfigurationKey(
            "haproxy.max_connections",
            { $0.haproxy.maximumConnections = try $1.integer(in: 1...2_000_000) },
            { number($0.haproxy.maximumConnections) }
        ),
        ConfigurationKey(
            "haproxy.suspend_grace",
            { $0.haproxy.suspendGrace = try $1.integer(in: 0...3600) },
            { number($0.haproxy.suspendGrace) }
        ),
        ConfigurationKey(
            "haproxy.hard_stop_after",
            { $0.haproxy.hardStopAfter = try $1.integer(in: 1...86_400) },
            { number($0.haproxy.hardStopAfter) }
        ),
        ConfigurationKey(
            "haproxy.stats_bind",
            { $0.haproxy.statsBind = try $1.optionalString() },
            { text($0.haproxy.statsBind) }
        ),
        ConfigurationKey(
            "haproxy.denied_nodes",
            { $0.haproxy.deniedNodes = try $1.strings() },
            { configuration in
                .array(configuration.haproxy.deniedNodes.map { .string($0) })
            }
        ),
        ConfigurationKey(
            "haproxy.buffer_size",
            { $0.haproxy.bufferSize = try $1.optionalInteger(in: 16_384...1_048_576) },
            { $0.haproxy.bufferSize.map(number) }
        ),
        ConfigurationKey(
            "haproxy.max_headers",
            { $0.haproxy.maxHeaders = try $1.optionalInteger(in: 64...32_767) },
            { $0.haproxy.maxHeaders.map(number) }
        ),
        ConfigurationKey(
            "haproxy.log_line_bytes",
            { $0.haproxy.logLineBytes = try $1.optionalInteger(in: 256...65_535) },
            { $0.haproxy.logLineBytes.map(number) }
        ),
        ConfigurationKey(
            "haproxy.log_empty_connections",
            { $0.haproxy.logsEmptyConnections = try $1.boolean() },
            { .boolean($0.haproxy.logsEmptyConnections) }
        ),
        ConfigurationKey(
            "haproxy.log_rotate_bytes",
            { $0.haproxy.logRotateBytes = try rotateBytes($1) },
            { number($0.haproxy.logRotateBytes) }
        ),
        ConfigurationKey(
            "haproxy.log_rotate_count",
            { $0.haproxy.logRotateCount = try $1.integer(in: 1...10_000) },
            { number($0.haproxy.logRotateCount) }
        ),
        ConfigurationKey(
            "haproxy.log_rotated",
            { $0.haproxy.logRotated = try $1.strings() },
            { configuration in
                .array(configuration.haproxy.logRotated.map { .string($0) })
            }
        ),
        ConfigurationKey(
            "archive.endpoints",
            { $0.archive.endpoints = try endpoints($1) },
            { configuration in
                .array(configuration.archive.endpoints.map { .string($0.description) })
            }
        ),
        ConfigurationKey(
            "archive.mode",
            { $0.archive.mode = try $1.choice(of: ObjectStoreArchiver.Mode.allCases.map(\.rawValue)) },
            { .string($0.archive.mode) }
        ),
        ConfigurationKey(
            "archive.ca",
            { $0.archive.authority = try $1.optionalString() },
            {
                text($0.archive.authority)
            }
        ),
        ConfigurationKey(
            "archive.compression_level",
            { $0.archive.compressionLevel = try $1.integer(in: 1...12) },
            { number($0.archive.compressionLevel) }
        ),
        ConfigurationKey(
            "archive.segment_bytes",
            { $0.archive.segmentBytes = try $1.integer(in: 1_048_576...5_368_709_120) },
            { number($0.archive.segmentBytes) }
        ),
        ConfigurationKey(
            "diagnostics.target",
            { $0.diagnostics.target = try target($1) },
            {
                .string($0.diagnostics.target)
            }
        ),
        ConfigurationKey(
            "diagnostics.timeout",
            { $0.diagnostics.timeout = try $1.integer(in: 1...60) },
            {
                number($0.diagnostics.timeout)
            }
        ),
        ConfigurationKey(
            "diagnostics.reply",
            { $0.diagnostics.style = try style($1) },
            {
                .string($0.diagnostics.style.rawValue)
            }
        ),
        ConfigurationKey(
            "limits.message_bytes",
            { configuration, value in
                configuration.limits = MessageLimits(
                    messageBytes: try value.integer(in: 1024...1_073_741_824),
                    nodeCount: configuration.limits.nodeCount
                )
            },
            { number($0.limits.messageBytes) }
        ),
        ConfigurationKey(
            "limits.node_count",
            { configuration, value in
                configuration.limits = MessageLimits(
                    messageBytes: configuration.limits.messageBytes,
                    nodeCount: try value.integer(in: 1...1_000_000)
                )
            },
            { number($0.limits.nodeCount) }
        ),
        ConfigurationKey("log.level", { $0.log.level = try $1.choice(of: LogLevels.names) }, { .string($0.log.level) }),
        ConfigurationKey(
            "log.format",
            { $0.log.format = try $1.choice(of: ["text", "json"]) },
            {
                .string($0.log.format)
            }
        ),
    ]
}

// MARK: - What the values must be

extension ConfigurationKey {
    private typealias Mismatch = ConfigurationValue.Mismatch

    private static func text(_ value: String?) -> JSONFragment? { value.map { .string($0) } }

    private static func number(_ value: Int) -> JSONFragment { .integer(Int64(value)) }

    private static func servers(_ value: ConfigurationValue) throws(Mismatch) -> [GearmanServer] {
        var servers: [GearmanServer] = []
        for text in try value.strings() {
            do { servers.append(try GearmanServer(text)) } catch { throw Mismatch(error.problem) }
        }
        guard !servers.isEmpty else { throw Mismatch("must name at least one job server") }
        guard Set(servers).count == servers.count else { throw Mismatch("must name each job server once") }
        return servers
    }

    private static func endpoints(_ value: ConfigurationValue) throws(Mismatch) -> [AllowedEndpoint] {
        var endpoints: [AllowedEndpoint] = []
        for text in try value.strings() {
            do throws(InvalidValue) { endpoints.append(try AllowedEndpoint(text)) } catch {
                throw Mismatch(error.problem)
            }
        }
        return endpoints
    }

    private static func function(_ value: ConfigurationValue) throws(Mismatch) -> String? {
        guard let name = try value.optionalString() else { return nil }
        guard name.utf8.count <= 512, name.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            throw Mismatch("must be at most 512 visible ASCII characters")
        }
        return name
    }

    private static func target(_ value: ConfigurationValue) throws(Mismatch) -> String {
        let target = try value.string()
        guard target.contains(":"), (try? GearmanServer(target)) != nil else {
            throw Mismatch("must be HOST:PORT, not \"\(target)\"")
        }
        return target
    }

    private static func style(_ value: ConfigurationValue) throws(Mismatch) -> DiagnosticsReport.Style {
        let name = try value.choice(of: DiagnosticsReport.Style.allCases.map(\.rawValue))
        return DiagnosticsReport.Style(rawValue: name) ?? .documented
    }

    private static func rotateBytes(_ value: ConfigurationValue) throws(Mismatch) -> Int {
        let bytes = try value.integer(in: 0...1_099_511_627_776)
        guard bytes == 0 || bytes >= 65_536 else { throw Mismatch("must be 0, or at least 65536, not \(bytes)") }
        return bytes
    }

    private static func serverName(_ value: ConfigurationValue) throws(Mismatch) -> String? {
        guard let name = try value.optionalString() else { return nil }
        do { _ = try HostAddress(name) } catch { throw Mismatch(error.problem) }
        return name
    }
}
