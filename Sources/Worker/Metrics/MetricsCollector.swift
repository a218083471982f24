// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore
import SteelyardMetrics

/// Collects the metrics of the agent and of its device.
struct MetricsCollector: Sendable {
    let release: Release
    let driverName: String
    let stateDirectory: String
    /// The metrics that are counted at the event.
    let registry: MetricsRegistry
    let device: DeviceReader
    /// The connections to the job servers.
    let connections: @Sendable () -> [ConnectionState.Snapshot]

    /// All metrics with their current values, as text.
    func text(as format: MetricsText.Format) async -> String {
        let reading = await device.reading()
        let families =
            [buildInfo] + registry.families + gearman + Self.families(of: reading) + disk + ProcessReading.families
            + [MetricFamily(AgentMetric.dropped, .count(registry.droppedCount))]
        return MetricsText.render(families, as: format)
    }

    /// The reason why the agent is not healthy, in one line; nil if it is.
    func fault() async -> String? {
        let connections = connections()
        guard connections.contains(where: \.isConnected) else {
            let names = connections.map(\.server.description).joined(separator: ", ")
            return "no job server is connected: \(names)"
        }
        guard case .failure(let error) = await device.reading().status else { return nil }
        let code = FailureCode(error.code).rawValue
        return "the device should serve and does not: \(code): \(error.sentence(listName: "loadbalancers"))"
    }

    private var buildInfo: MetricFamily {
        let labels = [
            MetricLabel("version", release.version), MetricLabel("release", release.release),
            MetricLabel("driver", driverName),
        ]
        return MetricFamily(AgentMetric.buildInfo, [.init(labels, .integer(1))])
    }

    private var gearman: [MetricFamily] {
        let connections = connections().map { (labels: [MetricLabel("server", $0.server.description)], state: $0) }
        return [
            MetricFamily(
                AgentMetric.gearmanConnected,
                connections.map { .init($0.labels, .flag($0.state.isConnected)) }
            ),
            MetricFamily(
                AgentMetric.gearmanReconnects,
                connections.map { .init($0.labels, .count($0.state.reconnectCount)) }
            ),
        ]
    }

    private var disk: [MetricFamily] {
        var system = statvfs()
        guard unsafe statvfs(stateDirectory, &system) == 0 else { return [] }
        let block = Double(system.f_frsize)
        return [
            MetricFamily(AgentMetric.freeBytes, .number(Double(system.f_bavail) * block)),
            MetricFamily(AgentMetric.sizeBytes, .number(Double(system.f_blocks) * block)),
        ]
    }
}

// MARK: - The device

extension MetricsCollector {
    static func families(of reading: DeviceReading) -> [MetricFamily] {
        let phases = DeviceReading.Phase.allCases.map { phase in
            MetricFamily.Sample([MetricLabel("phase", phase.rawValue)], .flag(phase == reading.phase))
        }
        var families = [MetricFamily(AgentMetric.devicePhase, phases)]
        if case .success(.serving(let nodes)) = reading.status {
            let known: [NodeStatus.State] = [.up, .down, .disabled, .draining]
            let states = known.map { state in
                MetricFamily.Sample(
                    [MetricLabel("state", state.rawValue.lowercased())],
                    .count(nodes.count { $0.state == state })
                )
            }
            families.append(MetricFamily(AgentMetric.nodes, states))
        }
        if !reading.certificates.isEmpty {
            let samples = reading.certificates.map { certificate in
                MetricFamily.Sample(
                    [
                        MetricLabel("certificate", certificate.id.description),
                        MetricLabel("load_balancer", certificate.loadBalancer?.description ?? ""),
                    ],
                    .number(certificate.lastSecond.seconds)
                )
            }
            families.append(MetricFamily(AgentMetric.certificateExpiry, samples))
        }
        return families + (reading.proxy.map { Self.families(of: $0, reading.phase) } ?? [])
    }

    private static func families(of proxy: ProxyStatus, _ phase: DeviceReading.Phase) -> [MetricFamily] {
        let labels = [MetricLabel("name", proxy.name), MetricLabel("version", proxy.version)]
        var families = [
            MetricFamily(AgentMetric.proxyInfo, [.init(labels, .integer(1))]),
            MetricFamily(AgentMetric.proxyEnds, .count(proxy.unexpectedEnds)),
            MetricFamily(AgentMetric.proxyOldProcesses, .count(proxy.oldProcesses.count)),
            MetricFamily(AgentMetric.drift, .flag(proxy.drift != nil)),
            MetricFamily(AgentMetric.driftFound, .count(proxy.driftCount)),
            MetricFamily(
                AgentMetric.bytesOut,
                proxy.bytesOut.sorted { $0.key < $1.key }.map { key, count in
                    .init(
                        [MetricLabel("protocol", key.proxyKind.rawValue)]
                            + (key.id.map { [MetricLabel("load_balancer", $0.description)] } ?? []),
                        .integer(Int64(clamping: count))
                    )
                }
            ),
        ]
        switch phase {
        case .serving, .failing: families.append(MetricFamily(AgentMetric.proxyUp, .flag(phase == .serving)))
        // The proxy of a suspended device need not run.
        case .suspended, .deleted, .notConfigured: break
        }
        if let since = proxy.since {
            families.append(MetricFamily(AgentMetric.proxyStart, .number(since.seconds)))
        }
        return families
    }
}
