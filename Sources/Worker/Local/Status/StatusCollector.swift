// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore
import SteelyardSystem
import Synchronization
import SystemPackage

/// Makes the report of `steelyard status`: from what the agent knows, and from a reading of the device.
final class StatusCollector: JobObserver {
    private struct State {
        var connections: @Sendable () -> [ConnectionState.Snapshot] = { [] }
        /// Since when every reading has failed.
        var failingSince: StatusTime?
        var lastMetrics: StatusTime?
    }

    private let driver: any LoadBalancerDriver
    private let history: HistoryFile
    private let agent: StatusReport.Agent
    private let directories: [(name: String, path: String)]
    private let state = Mutex(State())

    /// - Parameters:
    ///   - configuration: The agent's configuration.
    ///   - logDirectory: Where the log is that an ARCHIVE reads; nil if the driver has none.
    ///   - driver: The driver.
    ///   - history: What happened last.
    init(
        _ configuration: WorkerConfiguration,
        logDirectory: String?,
        driver: any LoadBalancerDriver,
        history: HistoryFile
    ) {
        self.driver = driver
        self.history = history
        let state = configuration.stateDirectory
        directories = [("state", state)] + (logDirectory.map { $0 == state ? [] : [("log", $0)] } ?? [])
        let release = Program.current.release
        agent = StatusReport.Agent(
            name: Program.current.name,
            release: release.release,
            processID: getpid(),
            since: StatusTime(.now),
            driver: configuration.driver.name,
            function: configuration.function,
            isDryRun: configuration.isDryRun,
            stateDirectory: state
        )
    }

    /// Shows these connections to the job servers from now on.
    func show(_ connections: @escaping @Sendable () -> [ConnectionState.Snapshot]) {
        state.withLock { $0.connections = connections }
    }

    func jobBegan() {}

    func jobEnded(_ record: JobRecord) {
        guard record.action == .metrics, record.failure == nil, !record.isDryRun else { return }
        state.withLock { $0.lastMetrics = StatusTime(record.begin) }
    }

    /// Makes the report, which may take a second.
    func report() async -> StatusReport {
        let status: Result<DeviceStatus, DriverError>
        do throws(DriverError) { status = .success(try await driver.status()) } catch { status = .failure(error) }
        let version: ConfigurationVersion?
        do throws(DriverError) { version = try await driver.configurationVersion() } catch { version = nil }
        let proxy = await driver.proxyStatus()
        let certificates = await driver.certificates()
        let history = history.history
        return StatusReport(
            time: StatusTime(.now),
            agent: agent,
            device: device(status, version, history),
            proxy: proxy.map(StatusReport.Proxy.init),
            jobServers: state.withLock { $0.connections }().map(StatusReport.JobServer.init),
            nodes: nodes(status),
            certificates: certificates.isEmpty ? nil : certificates.map(StatusReport.Certificate.init),
            changes: history.changes,
            lastArchive: history.archive,
            meter: proxy.map { proxy in
                StatusReport.Meter(
                    bytesOut: Dictionary(
                        proxy.bytesOut.map { ($0.key.proxyKind.rawValue, $0.value) },
                        uniquingKeysWith: &+
                    ),
                    lastMetrics: state.withLock { $0.lastMetrics }
                )
            },
            disks: directories.compactMap { name, path in
                DiskSpace(of: FilePath(path)).map {
                    .init(name: name, directory: path, freeBytes: $0.freeBytes, totalBytes: $0.totalBytes)
                }
            }
        )
    }

    private func device(
        _ status: Result<DeviceStatus, DriverError>,
        _ version: ConfigurationVersion?,
        _ history: History
    ) -> StatusReport.Device {
        let number = version.map { Int64($0.number) }
        switch status {
        case .success(let status):
            state.withLock { $0.failingSince = nil }
            let phase = DevicePhase(status)
            return .init(phase: phase, since: history.since(phase), reason: nil, configurationVersion: number)
        case .failure(let error):
            let since = state.withLock { state in
                let since = state.failingSince ?? StatusTime(.now)
                state.failingSince = since
                return since
            }
            let reason = error.sentence(listName: "loadbalancers")
            return .init(phase: .failing, since: since, reason: reason, configurationVersion: number)
        }
    }

    private func nodes(_ status: Result<DeviceStatus, DriverError>) -> [StatusReport.Node] {
        guard case .success(.serving(let nodes)) = status else { return [] }
        return nodes.map(StatusReport.Node.init)
    }
}

extension StatusReport.Proxy {
    fileprivate init(_ status: ProxyStatus) {
        self.init(
            name: status.name,
            version: status.version,
            processID: status.processID,
            since: status.since.map(StatusTime.init),
            unexpectedEnds: status.unexpectedEnds,
            oldProcesses: status.oldProcesses.map { OldProcess(processID: $0.processID, seconds: $0.seconds) },
            drift: status.drift,
            driftCount: status.driftCount
        )
    }
}

extension StatusReport.Certificate {
    fileprivate init(_ status: CertificateStatus) {
        self.init(
            id: status.id.description,
            loadBalancer: status.loadBalancer?.description,
            names: status.names,
            notAfter: StatusTime(status.lastSecond),
            warning: status.warning(at: .now)
        )
    }
}

extension StatusReport.JobServer {
    fileprivate init(_ connection: ConnectionState.Snapshot) {
        self.init(
            address: connection.server.description,
            connectedSince: connection.connectedSince.map(StatusTime.init),
            disconnectedSince: connection.disconnectedSince.map(StatusTime.init),
            reconnectCount: connection.reconnectCount,
            lastError: connection.lastError,
            lastErrorTime: connection.lastErrorTime.map(StatusTime.init)
        )
    }
}

extension StatusReport.Node {
    fileprivate init(_ node: NodeStatus) {
        self.init(
            loadBalancer: node.loadBalancer?.description,
            listenerProtocol: node.listenerProtocol?.rawValue,
            id: node.id.description,
            status: node.state.rawValue,
            reason: node.reason,
            since: node.since.map(StatusTime.init),
            pool: node.pool?.description
        )
    }
}
