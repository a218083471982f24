// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization
import TestServers
import Testing

/// Incremental archives of an agent that is killed at random times while HAProxy logs and its log is rotated.
///
/// `STEELYARD_TEST_KILLS` sets the number of kills, 8 by default.
@Suite(
    Requirement.gearmand.trait,
    Requirement.haproxy.trait,
    Requirement.openStackSwift.trait,
    .openStackSwiftServer
)
struct ArchiveKillTests {
    private static let kills = ProcessInfo.processInfo.environment["STEELYARD_TEST_KILLS"].flatMap { Int($0) } ?? 8
    /// The minimum size for a rotation; the agent checks it at startup, so each start rotates.
    private static let variables = [
        "STEELYARD_ARCHIVE_MODE": "incremental", "STEELYARD_ARCHIVE_SEGMENT_BYTES": "1048576",
        "STEELYARD_HAPROXY_LOG_ROTATE_BYTES": "65536", "STEELYARD_HAPROXY_LOG_ROTATE_COUNT": "10000",
    ]

    @Test func everyLineIsInTheStoreOnce() async throws {
        let store = try OpenStackSwiftServer.current
        let service = try DeviceTests.Service()
        defer { service.back.stop() }
        let container = "kills"
        var random = SeededGenerator(seed: UInt64(Self.kills))
        try await withAgent(driver: "haproxy", variables: Self.variables) { agent in
            _ = try await agent.reply(to: service.update())
            let traffic = Traffic(port: service.port)
            async let requests: Void = traffic.run()
            var current = agent
            do {
                for _ in 0..<Self.kills {
                    try await current.process.kill(
                        after: .milliseconds(Int.random(in: 0...400, using: &random)),
                        whileSending: message(store, container),
                        to: agent
                    )
                    current = try await AgentUnderTest.start(
                        in: agent.folder,
                        servers: agent.servers,
                        driver: "haproxy",
                        variables: Self.variables
                    )
                }
            } catch {
                traffic.stop()
                await current.process.stop()
                throw error
            }
            traffic.stop()
            var lines: [Int: [String]] = [:]
            do {
                try await requests
                // The server hands out the jobs of all killed agents first.
                try await eventually("every request is in the store", within: 300) {
                    let reply = try await agent.reply(to: message(store, container))
                    #expect(reply["hpcs_response"] as? String == "PASS", "\(reply["hpcs_error"] ?? "")")
                    #expect(reply["left_out"] == nil, "\(reply)")
                    lines = try await archived(in: container, store, agent.folder)
                    return lines.count >= traffic.count
                }
            } catch {
                await current.process.stop()
                throw error
            }
            #expect(traffic.count > 100 * Self.kills / 8)
            #expect(lines.count == traffic.count)
            let warnings = try Self.warnings(in: agent.folder)
            let repeated = Dictionary(grouping: lines.filter { $0.value.count != 1 }, by: \.value).mapValues(\.count)
            #expect(repeated.isEmpty, "objects with the same lines, and how many; \(warnings)")
            let state = try FileManager.default.contentsOfDirectory(atPath: agent.folder.path + "/state")
            #expect(state.contains { $0.hasPrefix("haproxy.log-0") }, "the log was rotated: \(state)")
            _ = try await current.send("delete")
            await current.process.stop()
        }
    }

    /// What the agents have logged that is not ordinary.
    private static func warnings(in folder: URL) throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".err") }
        let lines = try names.flatMap { name in
            try String(contentsOf: folder.appending(path: name), encoding: .utf8).split(separator: "\n")
        }
        return lines.filter { $0.contains(" warning ") || $0.contains(" error ") }.sorted().joined(separator: "\n")
    }

    /// How often each request is in the objects of a container.
    private func archived(
        in container: String,
        _ store: OpenStackSwiftServer,
        _ folder: URL
    ) async throws -> [Int: [String]] {
        var count: [Int: [String]] = [:]
        for name in try await store.names(in: container) {
            let object = try #require(try await store.object("\(container)/\(name)"))
            let text = String(decoding: try await Gunzip.run(object.content), as: UTF8.self)
            for line in text.split(separator: "\n") {
                guard let start = line.firstRange(of: "GET /q-")?.upperBound else { continue }
                if let number = Int(line[start...].prefix { $0.isNumber }) { count[number, default: []].append(name) }
            }
        }
        return count
    }

    private func message(_ store: OpenStackSwiftServer, _ container: String) -> String {
        """
        {"hpcs_action":"ARCHIVE","hpcs_object_store_type":"swift","hpcs_object_store_token":"\(store.token)",
        "hpcs_object_store_basepath":"\(container)","hpcs_object_store_endpoint":"\(store.endpoint)",
        "loadBalancers":[{"id":"15","name":"lb #1","protocol":"HTTP"}]}
        """
    }
}

extension ChildProcess {
    /// Sends a message in the background, and kills the agent some time later, in any state.
    fileprivate func kill(after time: Duration, whileSending message: String, to agent: AgentUnderTest) async throws {
        let sent = try await agent.send("--background", "-", input: message)
        guard sent.code == 0 else { throw ServerFailure("the message was not accepted: \(sent.error)") }
        try await Task.sleep(for: time)
        send(signal: SIGKILL)
        _ = try await wait()
    }
}

/// Numbered requests of several concurrent clients, each of which waits for an answer before its next request.
private final class Traffic: Sendable {
    private let port: Int
    private let state = Mutex((begun: 0, count: 0, isStopped: false))
    private static let padding = String(repeating: "x", count: 800)
    private static let clients = 8

    init(port: Int) { self.port = port }

    /// The number of answered requests.
    var count: Int { state.withLock { $0.count } }

    func stop() { state.withLock { $0.isStopped = true } }

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<Self.clients { group.addTask { try await self.ask() } }
            try await group.waitForAll()
        }
    }

    private func ask() async throws {
        let client = try await HTTPClient(port: port)
        defer { client.close() }
        while let number = next() {
            _ = try await client.get("/q-\(number)-\(Self.padding)")
            state.withLock { $0.count += 1 }
        }
    }

    private func next() -> Int? {
        state.withLock { state in
            guard !state.isStopped else { return nil }
            state.begun += 1
            return state.begun
        }
    }
}
