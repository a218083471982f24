// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Logging
import SteelyardCore
import SteelyardMetrics
import Testing

@testable import SteelyardWorker

/// The metrics of fixed states of the device.
@Suite struct MetricsCollectorTests {
    private struct FixedDriver: LoadBalancerDriver {
        var state: Result<DeviceStatus, DriverError> = .success(.notConfigured)
        var proxy: ProxyStatus?

        func apply(_ wanted: LoadBalancerSet) async throws(DriverError) {}
        func suspend() async throws(DriverError) {}
        func enable() async throws(DriverError) {}
        func delete() async throws(DriverError) {}
        func configurationVersion() async throws(DriverError) -> ConfigurationVersion? { nil }
        func status() async throws(DriverError) -> DeviceStatus { try state.get() }
        func proxyStatus() async -> ProxyStatus? { proxy }
    }

    private func collector(_ driver: FixedDriver, _ registry: MetricsRegistry = MetricsRegistry()) -> MetricsCollector {
        MetricsCollector(
            release: Release(version: "1.2", release: "1.2-3"),
            driverName: "fixed",
            stateDirectory: "/",
            registry: registry,
            device: DeviceReader(driver),
            connections: { [] }
        )
    }

    private func lines(_ driver: FixedDriver) async -> Set<String> {
        Set(await collector(driver).text(as: .prometheus).split(separator: "\n").map(String.init))
    }

    /// A driver's metrics are exported with those of the agent.
    @Test func exportsTheMetricsOfADriver() async throws {
        let registry = MetricsRegistry(reserved: Set(AgentMetric.read.map(\.name)))
        let context = DriverContext(stateDirectory: "/", logger: Logger(label: "test"), metrics: registry)
        Counter(label: "my.retries", factory: context.metrics).increment()
        Meter(label: "steelyard_drift", factory: context.metrics).set(7)
        let text = await collector(FixedDriver(), registry).text(as: .prometheus)
        #expect(text.contains("\n# TYPE my_retries_total counter\nmy_retries_total 1\n"))
        #expect(!text.contains("steelyard_drift 7"))
        #expect(text.contains("\nsteelyard_metrics_dropped_total 1\n"))
    }

    @Test func showsTheProxy() async throws {
        var proxy = ProxyStatus(
            name: "proxy",
            version: "2.6",
            since: UTCTimestamp(microseconds: 1_500_000),
            unexpectedEnds: 3
        )
        proxy.oldProcesses = [.init(processID: 7, seconds: 1), .init(processID: 8, seconds: 2)]
        proxy.drift = "a line"
        proxy.driftCount = 4
        proxy.bytesOut = [.tcp: 5, .http: .max]
        let nodes = try [("a", NodeStatus.State.up), ("b", .down), ("c", .down), ("d", .draining)].map {
            NodeStatus(id: try Identifier($0), state: $1)
        }
        let lines = await lines(FixedDriver(state: .success(.serving(nodes)), proxy: proxy))
        for line in [
            #"steelyard_proxy_info{name="proxy",version="2.6"} 1"#, "steelyard_proxy_unexpected_ends_total 3",
            "steelyard_proxy_old_processes 2", "steelyard_drift 1", "steelyard_drift_found_total 4",
            #"steelyard_bytes_out_total{protocol="tcp"} 5"#,
            #"steelyard_bytes_out_total{protocol="http"} 9223372036854775807"#, "steelyard_proxy_up 1",
            "steelyard_proxy_start_time_seconds 1.5", #"steelyard_nodes{state="down"} 2"#,
            #"steelyard_nodes{state="draining"} 1"#, #"steelyard_nodes{state="disabled"} 0"#,
            #"steelyard_device_phase{phase="serving"} 1"#,
            #"steelyard_build_info{version="1.2",release="1.2-3",driver="fixed"} 1"#,
        ] { #expect(lines.contains(line), "\(line)") }
    }

    /// A proxy that does not run is down; its counters remain.
    @Test func showsAFailure() async {
        let error = DriverError(.notRunning, "the proxy\nhas ended")
        let proxy = ProxyStatus(name: "proxy", version: "2.6", unexpectedEnds: 3)
        let driver = FixedDriver(state: .failure(error), proxy: proxy)
        let lines = await lines(driver)
        for line in [
            #"steelyard_device_phase{phase="failing"} 1"#, #"steelyard_device_phase{phase="serving"} 0"#,
            "steelyard_proxy_up 0", "steelyard_proxy_unexpected_ends_total 3",
        ] { #expect(lines.contains(line), "\(line)") }
        #expect(!lines.contains { $0.hasPrefix("steelyard_nodes{") })
    }

    /// Alerts see the first failure, because the series exist before it.
    @Test func countsFromZero() async {
        let registry = MetricsRegistry(known: AgentMetric.counted)
        _ = JobMetrics(registry, lastArchive: UTCTimestamp(microseconds: 2_500_000))
        let text = await collector(FixedDriver(), registry).text(as: .prometheus)
        let lines = Set(text.split(separator: "\n").map(String.init))
        for action in ActionKind.allCases.map(\.rawValue) + ["invalid"] {
            #expect(lines.contains("steelyard_job_failures_total{action=\"\(action)\"} 0"), "\(action)")
        }
        for plan in ["reload", "update"] {
            #expect(lines.contains("steelyard_changes_total{plan=\"\(plan)\",result=\"FAIL\"} 0"), "\(plan)")
        }
        #expect(lines.contains("steelyard_archive_last_success_timestamp_seconds 2.5"))
    }

    /// The reason of a 503 is one line.
    @Test(arguments: [true, false]) func reportsHealth(_ isConnected: Bool) async throws {
        let state = ConnectionState(server: try HostPort("a.example:4730"))
        if isConnected { state.noteConnected() }
        let error = DriverError(.notRunning, "the proxy\nhas ended")
        let collector = MetricsCollector(
            release: Release(version: "1", release: "1"),
            driverName: "fixed",
            stateDirectory: "/",
            registry: MetricsRegistry(),
            device: DeviceReader(FixedDriver(state: .failure(error))),
            connections: { [state.snapshot] }
        )
        let request = try #require(HTTPRequest(head: Array("GET /healthz HTTP/1.1".utf8)))
        let response = await MetricsPages(collector: collector).answer(request)
        #expect(response.status == .unavailable)
        #expect(response.content.split(separator: "\n").count == 1)
        #expect(
            response.content.contains(
                isConnected ? #"not_running: the proxy\u{a}has ended"# : "no job server is connected: a.example:4730"
            )
        )
    }
}
