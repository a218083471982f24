// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// One scrape of the agent's metrics.
struct Scrape: Sendable {
    /// The values by name and labels, as in the text.
    let values: [String: String]

    /// Reads the metrics of an agent.
    init(port: Int) async throws {
        let client = try await HTTPClient(port: port)
        defer { client.close() }
        let answer = try await client.get("/metrics")
        guard answer.status == 200 else { throw ServerFailure("\(answer.status): \(answer.text)") }
        self.init(answer.text)
    }

    init(_ text: String) {
        let pairs = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { line in
            line.lastIndex(of: " ").map { (String(line[..<$0]), String(line[line.index(after: $0)...])) }
        }
        values = Dictionary(pairs) { first, _ in first }
    }

    /// The number of a series; nil if it is missing.
    subscript(name: String) -> Double? { values[name].flatMap { Double($0) } }

    /// The number of messages answered with FAIL.
    var failureCount: Double {
        values.filter { $0.key.hasPrefix("steelyard_job_failures_total{") }.values.compactMap { Double($0) }
            .reduce(0, +)
    }

    func passed(_ action: String) -> Double? {
        self["steelyard_jobs_total{action=\"\(action)\",result=\"PASS\",code=\"none\"}"]
    }
}

/// The agent's metrics, as Prometheus and node_exporter read them.
@Suite(Requirement.gearmand.trait) struct AgentMetricsTests {
    private static let variable = "STEELYARD_METRICS_BIND"

    private func withMeasuredAgent(
        driver: String = "noop",
        _ body: (AgentUnderTest, Int) async throws -> Void
    ) async throws {
        let port = try FreePort.next()
        try await withAgent(driver: driver, variables: [Self.variable: "127.0.0.1:\(port)"]) { agent in
            try await body(agent, port)
        }
    }

    private func health(_ port: Int) async throws -> HTTPClient.Answer {
        let client = try await HTTPClient(port: port)
        defer { client.close() }
        return try await client.get("/healthz")
    }

    /// The first scrape that meets a condition: on a busy machine, a scrape may be cut, or lack the driver's values.
    private func scrape(_ port: Int, _ what: String, _ condition: (Scrape) -> Bool) async throws -> Scrape {
        var found: Scrape?
        try await eventually(what) {
            guard let scrape = try? await Scrape(port: port), condition(scrape) else { return false }
            found = scrape
            return true
        }
        return try #require(found)
    }

    @Test func countsJobs() async throws {
        try await withMeasuredAgent { agent, port in
            let before = try await self.scrape(port, "the device is read") {
                $0[#"steelyard_device_phase{phase="not_configured"}"#] == 1
            }
            #expect(before.passed("UPDATE") == 0)
            #expect(before["steelyard_change_last_success_timestamp_seconds"] == nil)
            _ = try await agent.send("-", input: String(decoding: ConnectionTests.update, as: UTF8.self))
            for _ in 0..<3 { _ = try await agent.send("discover") }
            _ = try await agent.send("-", input: "[]")
            _ = try await agent.send("-", input: #"{"hpcs_action":"UPDATE","secret":"in-no-label","loadBalancers":7}"#)

            let scrape = try await self.scrape(port, "all messages are counted") {
                $0.passed("UPDATE") == 1 && $0.passed("DISCOVER") == 3 && $0.failureCount == 2
                    && $0["steelyard_jobs_in_progress"] == 0
            }
            #expect(scrape.passed("SUSPEND") == 0)
            let failed = scrape.values.keys.filter { $0.contains(#"result="FAIL""#) && $0.contains("jobs_total") }
            #expect(failed.contains(#"steelyard_jobs_total{action="invalid",result="FAIL",code="invalid_json"}"#))
            #expect(failed.count == 2, "\(failed)")
            #expect(scrape[#"steelyard_job_duration_seconds_count{action="DISCOVER"}"#] == 3)
            #expect(scrape[#"steelyard_job_duration_seconds_bucket{action="DISCOVER",le="+Inf"}"#] == 3)
            #expect(scrape[#"steelyard_changes_total{plan="update",result="PASS"}"#] == 1)
            #expect(try #require(scrape["steelyard_change_last_success_timestamp_seconds"]) > 1e9)
            #expect(scrape["steelyard_gearman_connected{server=\"\(agent.servers[0])\"}"] == 1)
            #expect(scrape["steelyard_gearman_reconnects_total{server=\"\(agent.servers[0])\"}"] == 0)
            #expect(!scrape.values.keys.contains { $0.contains("in-no-label") })
            #expect(try #require(scrape["steelyard_state_free_bytes"]) > 0)
            #expect(try #require(scrape["process_resident_memory_bytes"]) > 1e6)
            #expect(scrape.values.keys.contains { $0.hasPrefix("steelyard_build_info{version=") })
        }
    }

    /// The meter does not fall at a reload or a suspension.
    @Test(Requirement.haproxy.trait) func readsTheProxy() async throws {
        let service = try DeviceTests.Service()
        defer { service.back.stop() }
        try await withMeasuredAgent(driver: "haproxy") { agent, port in
            _ = try await agent.reply(to: service.update())
            _ = try await service.answer()
            var scrape = try await self.scrape(port, "the proxy serves, and its bytes are metered") {
                $0[#"steelyard_bytes_out_total{protocol="http"}"#] ?? 0 > 0 && $0["steelyard_proxy_up"] == 1
                    && $0[#"steelyard_nodes{state="up"}"#] == 1
            }
            let bytes = scrape[#"steelyard_bytes_out_total{protocol="http"}"#] ?? 0
            #expect(scrape["steelyard_drift"] == 0)
            #expect(scrape["steelyard_proxy_unexpected_ends_total"] == 0)
            #expect(scrape[#"steelyard_nodes{state="down"}"#] == 0)
            #expect(scrape[#"steelyard_changes_total{plan="start",result="PASS"}"#] == 1)
            #expect(scrape.values.keys.contains { $0.hasPrefix(#"steelyard_proxy_info{name="haproxy",version=""#) })
            _ = try await agent.send("suspend")
            try await eventually("the cached reading has expired") {
                guard let next = try? await Scrape(port: port) else { return false }
                scrape = next
                return next[#"steelyard_device_phase{phase="suspended"}"#] == 1
                    && next[#"steelyard_bytes_out_total{protocol="http"}"#] != nil
            }
            #expect(scrape[#"steelyard_nodes{state="up"}"#] == nil)
            #expect(scrape["steelyard_proxy_up"] == nil)
            #expect(try #require(scrape[#"steelyard_bytes_out_total{protocol="http"}"#]) >= bytes)
            try await eventually("the device is healthy") {
                guard let answer = try? await health(port) else { return false }
                return answer.status == 200 && answer.text == "ok\n"
            }
        }
    }

    @Test func healthFollowsTheJobServer() async throws {
        let port = try FreePort.next()
        try await withTemporaryFolder { folder in
            let gearmand = try await GearmandServer.start(in: folder)
            let agent = try await AgentUnderTest.start(
                in: folder,
                servers: [gearmand.address],
                variables: [Self.variable: "127.0.0.1:\(port)"]
            )
            let result: Result<Void, any Error>
            do {
                let good = try await health(port)
                #expect(good.status == 200)
                await gearmand.process.stop()
                try await eventually("the agent has noticed") { try await health(port).status == 503 }
                let bad = try await health(port)
                #expect(bad.text == "no job server is connected: \(gearmand.address)\n")
                let scrape = try await Scrape(port: port)
                #expect(scrape["steelyard_gearman_connected{server=\"\(gearmand.address)\"}"] == 0)
                let other = try await gearmand.restarted()
                do {
                    try await eventually("the agent takes jobs again") { try await health(port).status == 200 }
                    let again = try await Scrape(port: port)
                    #expect(again["steelyard_gearman_reconnects_total{server=\"\(gearmand.address)\"}"] == 1)
                    result = .success(())
                } catch { result = .failure(error) }
                await other.process.stop()
            } catch { result = .failure(error) }
            await gearmand.process.stop()
            await agent.process.stop()
            try result.get()
        }
    }

    /// No client of the metrics delays a job or blocks another client.
    @Test func hostileClientsDisturbNothing() async throws {
        try await withMeasuredAgent { agent, port in
            let sockets = try await blocking {
                try (0..<40).map { number in
                    let socket = try LoopbackSocket.connected(to: port)
                    switch number % 4 {
                    case 0: break
                    case 1: socket.write(Array("GET /metr".utf8))
                    case 2: socket.write([UInt8](repeating: 0xFF, count: 100_000))
                    default:
                        // Sends a request, and never reads.
                        socket.write(Array("GET /metrics HTTP/1.1\r\n\r\n".utf8))
                    }
                    return socket
                }
            }
            for _ in 0..<5 {
                let reply = try await agent.send("stats").reply()
                #expect(reply["hpcs_response"] as? String == "FAIL")
                _ = try await Scrape(port: port)
            }
            for socket in sockets { socket.shutDown() }
            let scrape = try await Scrape(port: port)
            #expect(scrape[#"steelyard_jobs_total{action="STATS",result="FAIL",code="not_configured"}"#] == 5)
        }
    }

    @Test func writesAFile() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "steelyard.prom")
            try await withAgent(variables: ["STEELYARD_METRICS_TEXTFILE": file.path]) { agent in
                try await eventually("the file is written") { FileManager.default.fileExists(atPath: file.path) }
                let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
                #expect(attributes[.posixPermissions] as? Int == 0o644)
                _ = try await agent.send("discover")
                agent.process.send(signal: SIGTERM)
                let code = try await agent.process.wait()
                #expect(code == 0)
                // The agent writes it again at the end.
                let scrape = Scrape(try String(contentsOf: file, encoding: .utf8))
                #expect(scrape.passed("DISCOVER") == 1)
                let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
                #expect(names == ["steelyard.prom"])
            }
        }
    }

    /// A file that cannot be written is a warning, once; jobs go on.
    @Test func logsAFileThatCannotBeWritten() async throws {
        try await withAgent(variables: ["STEELYARD_METRICS_TEXTFILE": "/nonexistent/steelyard.prom"]) { agent in
            try await eventually("the log names the setting") {
                agent.process.errorOutput.contains("warning metrics.textfile not written")
            }
            let code = try await agent.send("discover").code
            #expect(code == 0)
        }
    }

    @Test func refusesAnAddressThatIsInUse() async throws {
        let taken = try LoopbackSocket.listening()
        try await withTemporaryFolder { folder in
            let result = try await SteelyardProgram.run(
                ["worker", "--driver", "noop", "--state-dir", folder.path],
                variables: [Self.variable: "127.0.0.1:\(taken.port)"]
            )
            #expect(result.code == 78)
            #expect(result.error.contains("\(Self.variable) cannot be used: "), "\(result.error)")
            #expect(result.error.contains("127.0.0.1:\(taken.port): Address already in use\n"), "\(result.error)")
            #expect(result.error.split(separator: "\n").filter { $0.hasPrefix("steelyard:") }.count == 1)
        }
    }

    /// SIGHUP moves the server and the file; an address that is in use changes nothing.
    @Test func reloads() async throws {
        let ports = try (0..<2).map { _ in try FreePort.next() }
        let taken = try LoopbackSocket.listening()
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "config.json5")
            let textfile = folder.appending(path: "a.prom").path
            try "{ metrics: { bind: '127.0.0.1:\(ports[0])', textfile: '\(textfile)' } }"
                .write(to: file, atomically: true, encoding: .utf8)
            try await withAgent(["--config", file.path]) { agent in
                try await eventually("the file is written") { FileManager.default.fileExists(atPath: textfile) }
                try "{ metrics: { bind: '127.0.0.1:\(taken.port)' } }"
                    .write(to: file, atomically: true, encoding: .utf8)
                agent.process.send(signal: SIGHUP)
                try await eventually("the log names the fault") {
                    agent.process.errorOutput.contains("configuration not reloaded")
                }
                #expect(agent.process.errorOutput.contains("metrics.bind cannot be used"))
                _ = try await Scrape(port: ports[0])

                // Another address on the same port.
                try "{ metrics: { bind: '0.0.0.0:\(ports[0])' } }".write(to: file, atomically: true, encoding: .utf8)
                agent.process.send(signal: SIGHUP)
                try await eventually("the reload is logged") {
                    agent.process.errorOutput.contains("config.applied=metrics.bind,metrics.textfile")
                }
                _ = try await Scrape(port: ports[0])
                #expect(!FileManager.default.fileExists(atPath: textfile))

                try "{ metrics: { bind: '127.0.0.1:\(ports[1])' } }".write(to: file, atomically: true, encoding: .utf8)
                agent.process.send(signal: SIGHUP)
                try await eventually("the other port is served") { (try? await Scrape(port: ports[1])) != nil }
                try await eventually("the first port is free") { try await !LoopbackSocket.accepts(ports[0]) }
            }
        }
    }
}
