// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// Whether this user may create a process namespace.
private let canIsolate: Bool = {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
    process.arguments = ["--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "true"]
    process.standardError = nil
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
}()

/// The agent as process 1 of a container.
@Suite(
    Requirement.gearmand.trait,
    Requirement.haproxy.trait,
    .enabled(if: canIsolate, "this user may not create a process namespace")
)
struct OrphanTests {
    @Test func leavesNoZombie() async throws {
        let service = try DeviceTests.Service()
        defer { service.back.stop() }
        try await withTemporaryFolder { folder in
            try await withGearmand(in: folder) { gearmand in
                let process = try await ChildProcess.start(
                    "/usr/bin/unshare",
                    [
                        "--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc",
                        SteelyardProgram.path,
                        "worker", "--driver", "haproxy", "--gearman", gearmand.address, "--function",
                        AgentUnderTest.function,
                        "--state-dir", folder.appending(path: "state").path,
                    ],
                    in: folder,
                    name: "isolated"
                )
                let agent = AgentUnderTest(folder: folder, servers: [gearmand.address], arguments: [], process: process)
                let result: Result<Void, any Error>
                do { result = .success(try await check(agent, service)) } catch { result = .failure(error) }
                await process.stop()
                try result.get()
            }
        }
    }

    private func check(_ agent: AgentUnderTest, _ service: DeviceTests.Service) async throws {
        try await eventually("the worker is ready") { agent.process.output.contains("ready ") }
        let pid = try #require(Self.children(of: agent.process.processIdentifier).first?.pid)
        for round in 0..<8 {
            let options = #"{"client_timeout":\#(20_000 + round)}"#
            let reply = try await agent.reply(to: service.update(options: options))
            #expect(reply["hpcs_response"] as? String == "PASS", "\(reply)")
        }
        try await eventually("all zombies are reaped") { Self.children(of: pid).allSatisfy { $0.state != "Z" } }
        // The agent adopts its workers, which end.
        let master = try #require(Self.children(of: pid).first { $0.name == "haproxy" }?.pid)
        kill(master, SIGKILL)
        try await eventually("HAProxy serves again") {
            (try? await service.answer()) == "served"
        }
        try await eventually("all zombies are reaped") {
            Self.children(of: pid).allSatisfy { $0.pid != master && $0.state != "Z" }
        }
        let deleted = try await agent.send("delete").code
        #expect(deleted == 0)
        try await eventually("all children have ended") { Self.children(of: pid).isEmpty }
        kill(pid, SIGTERM)
        let code = try await agent.process.wait()
        #expect(code == 0)
    }

    private static func children(of parent: Int32) -> [(pid: Int32, name: String, state: String)] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.compactMap { pid in
            guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
                let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")")
            else { return nil }
            let fields = text[text.index(after: close)...].split(separator: " ")
            guard fields.count > 1, Int32(fields[1]) == parent else { return nil }
            return (pid, String(text[text.index(after: open)..<close]), String(fields[0]))
        }
    }
}
