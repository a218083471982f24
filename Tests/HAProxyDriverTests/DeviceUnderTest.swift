// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import SteelyardCore
import SteelyardSystem
import SystemPackage
import TestServers

@testable import HAProxyDriver

/// A driver with a real HAProxy in a temporary folder; everything is removed when the test has ended.
struct DeviceUnderTest: Sendable {
    let folder: URL
    let configuration: HAProxyConfiguration
    let driver: HAProxyDriver
    let httpPort: Int
    let tcpPort: Int

    /// Creates another driver for the same folder, as in a restarted agent.
    func restarted() throws -> HAProxyDriver {
        try HAProxyDriver(configuration: configuration, logger: DeviceUnderTest.logger)
    }

    /// The same under a service manager, which keeps the connections to workers across agents.
    func restarted(by manager: StandInServiceManager) throws -> HAProxyDriver {
        try HAProxyDriver(
            configuration: configuration,
            logger: DeviceUnderTest.logger,
            descriptors: KeptByManager(
                manager: ServiceManager(socketPath: manager.address, inherited: manager.copies())
            )
        )
    }

    /// The current processes of HAProxy; nil if it does not run.
    func processes(within time: Duration = .seconds(20)) async throws -> ProcessTable? {
        try await blocking { [configuration] in
            try HAProxySession(DeviceFiles(configuration)).processes(by: .after(time))
        }
    }

    /// The current servers of HAProxy.
    func servers() async throws -> [RunningServer] {
        try await blocking { [configuration] in
            try HAProxySession(DeviceFiles(configuration)).servers(by: .after(.seconds(20))).servers
        }
    }

    /// Makes HAProxy reload through the service, without a driver.
    func reload(_ rendered: RenderedConfiguration) async throws {
        let session = HAProxySession(DeviceFiles(configuration))
        _ = try await ProcessService(configuration).reload(rendered, over: session)
    }

    /// Sends a command, as an operator does manually.
    @discardableResult
    func command(_ text: String) async throws -> String {
        try await blocking { [configuration] in
            try HAProxySession(DeviceFiles(configuration)).ask(text, by: .after(.seconds(20)))
        }
    }

    /// The replacement for systemd, if there is one.
    var unit: StandInUnit { StandInUnit(folder: folder.deletingLastPathComponent()) }

    func file(_ name: String) -> String { folder.appending(path: name).path }

    func http(
        _ nodes: [Node],
        port: Int? = nil,
        monitor: HealthMonitor = .standard,
        algorithm: BalancingAlgorithm = .roundRobin,
        options: ConnectionOptions = .standard,
        access: ClientAccess = .standard,
        proxyProtocol: ProxyProtocol? = nil
    ) throws -> LoadBalancer {
        try LoadBalancer(
            protocol: .http,
            address: IPAddress("127.0.0.1"),
            port: Port(port ?? httpPort),
            algorithm: algorithm,
            monitor: monitor,
            options: options,
            access: access,
            proxyProtocol: proxyProtocol,
            nodes: nodes
        )
    }

    func tcp(
        _ nodes: [Node],
        port: Int? = nil,
        as spoken: ListenerProtocol = .tcp,
        algorithm: BalancingAlgorithm = .roundRobin,
        options: ConnectionOptions = .standard,
        access: ClientAccess = .standard
    ) throws -> LoadBalancer {
        try LoadBalancer(
            protocol: spoken,
            address: IPAddress("127.0.0.1"),
            port: Port(port ?? tcpPort),
            algorithm: algorithm,
            options: options,
            access: access,
            nodes: nodes
        )
    }

    static var logger: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = ProcessInfo.processInfo.environment["STEELYARD_TEST_LOG"] == nil ? .critical : .trace
        return logger
    }
}

extension HAProxyDriver {
    /// The nodes of a device that serves.
    ///
    /// STATS has a time limit of one second, in which a busy machine may not schedule HAProxy: then it is repeated.
    func nodeStates() async throws -> [NodeStatus] {
        for attempt in 1... {
            do {
                if case .serving(let nodes) = try await status() { return nodes }
                return []
            } catch {
                guard error.code == .timedOut, attempt < 20 else { throw error }
            }
        }
        return []
    }
}

extension Node {
    static func local(_ id: String, _ port: Int, weight: Int = 1, _ condition: NodeCondition = .enabled) throws -> Node
    {
        try Node(
            id: Identifier(id),
            address: HostAddress("127.0.0.1"),
            port: Port(port),
            weight: weight,
            condition: condition
        )
    }
}

/// Runs a test on a new device; its HAProxy is ended even if the test fails.
func withDevice<Success>(
    binary: String = Environment.haproxy,
    service: HAProxySettings.Service = .process,
    suspendGrace: Int = 1,
    statsBind: String? = nil,
    log: URL? = nil,
    logTarget: String? = nil,
    _ body: (DeviceUnderTest) async throws -> Success
) async throws -> Success {
    try await withTemporaryFolder { folder in
        var configuration = try HAProxyConfiguration(
            [
                "service": .string(service.rawValue), "binary": .of(binary),
                "config": .of(service == .systemd ? folder.appending(path: "etc/haproxy.cfg").path : nil),
                "master_socket": .of(service == .systemd ? folder.appending(path: "master.sock").path : nil),
                "log": .of(log?.path ?? (service == .systemd ? folder.appending(path: "haproxy.log").path : nil)),
                "log_target": .of(logTarget ?? (service == .systemd ? "127.0.0.1:9" : nil)),
                "user": .of(service == .systemd ? Account.user : nil),
                "group": .of(service == .systemd ? Account.group : nil), "max_connections": 500,
                "suspend_grace": .of(suspendGrace), "stats_bind": .of(statsBind),
            ],
            stateDirectory: folder.appending(path: "state").path
        )
        if service == .systemd {
            configuration.systemctl = try StandInUnit(folder, configuration).systemctl
        }
        let device = DeviceUnderTest(
            folder: folder.appending(path: "state"),
            configuration: configuration,
            driver: try HAProxyDriver(configuration: configuration, logger: DeviceUnderTest.logger),
            httpPort: try FreePort.next(),
            tcpPort: try FreePort.next()
        )
        do {
            let result = try await body(device)
            try await blocking { killProcesses(of: folder) }
            return result
        } catch {
            try await blocking { killProcesses(of: folder) }
            throw error
        }
    }
}

/// The account that runs these tests: unless it is root, HAProxy cannot switch to another one.
private enum Account {
    static var user: String? { getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } }
    static var group: String? { getgrgid(getegid()).map { String(cString: $0.pointee.gr_name) } }
}

/// Runs a test while the driver's `run()` is active.
func supervised<Success: Sendable>(
    _ driver: HAProxyDriver,
    _ body: () async throws -> Success
) async throws -> Success {
    let running = Task { try await driver.run() }
    do {
        let result = try await body()
        running.cancel()
        try await running.value
        return result
    } catch {
        running.cancel()
        _ = try? await running.value
        throw error
    }
}

/// Kills every process that was started with a file in the folder.
private func killProcesses(of folder: URL) {
    for _ in 0..<20 {
        let found = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { Int32($0) } ?? []
        let ours = found.filter { processID in
            let line = FileManager.default.contents(atPath: "/proc/\(processID)/cmdline") ?? Data()
            return String(decoding: line, as: UTF8.self).contains(folder.path + "/") && processID != getpid()
        }
        if ours.isEmpty { return }
        for processID in ours { kill(processID, SIGKILL) }
        usleep(20_000)
    }
}
