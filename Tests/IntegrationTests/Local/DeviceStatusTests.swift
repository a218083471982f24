// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// What `steelyard status` shows of a device with a real HAProxy.
@Suite(Requirement.gearmand.trait, Requirement.haproxy.trait) struct DeviceStatusTests {
    @Test func facts() async throws {
        let service = try DeviceTests.Service()
        defer { service.back.stop() }
        try await withAgent(driver: "haproxy") { agent in
            _ = try await agent.reply(to: service.update(version: "5"))
            _ = try await service.answer()
            let rejected = try await agent.reply(to: service.update(port: 99_999))
            #expect(rejected["hpcs_response"] as? String == "FAIL")
            #expect(try await agent.send("metrics").code == 0)
            let status = try await agent.status()
            #expect(status.text("device.phase") == "serving")
            #expect(status[path: "device.config_version"] as? Int == 5)
            #expect(status.text("agent.driver") == "haproxy")
            #expect(status[path: "agent.pid"] as? Int32 == agent.process.processIdentifier)
            #expect(status.list("job_servers").map { $0.text("address") } == [agent.servers[0]])
            #expect(status.list("job_servers").allSatisfy { $0["connected_since"] != nil })
            let proxy = try #require(status[path: "proxy.pid"] as? Int32)
            #expect(kill(proxy, 0) == 0)
            let node = try #require(status.list("nodes").first)
            #expect(node.text("id") == "7" && node.text("status") == "UP" && node.text("protocol") == "HTTP")
            #expect(try #require(status[path: "meter.bytes_out.http"] as? Int) > 0)
            #expect(status.text("meter.last_metrics") != nil)
            #expect(status.list("disks").map { $0.text("name") } == ["state"])
            let changes = status.list("changes")
            #expect(changes.map { $0.text("result") } == ["PASS", "FAIL"])
            #expect(changes[0].text("handle")?.hasPrefix("H:") == true && changes[0].text("plan") == "start")
            #expect(changes[1].text("error_code") == "invalid_field")
            let table = try await agent.local("status")
            #expect(table.code == 0 && table.error.isEmpty)
            #expect(table.output.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(table.output)")
            #expect(table.output.contains("Nodes: 1 UP\n") && !table.output.contains("\u{1B}"))
        }
    }

    /// The status is answered while a change is made.
    @Test func duringAChange() async throws {
        let back = try HTTPBackEnd(name: "served")
        defer { back.stop() }
        let port = try FreePort.next()
        let update = """
            {"hpcs_action":"UPDATE","loadbalancers":[{"id":"lb","protocol":"TCP","port":\(port),
            "nodes":[{"address":"127.0.0.1","port":\(back.port)}]}]}
            """
        try await withAgent(driver: "haproxy", variables: ["STEELYARD_HAPROXY_SUSPEND_GRACE": "3600"]) { agent in
            let updated = try await agent.reply(to: update)
            #expect(updated["hpcs_response"] as? String == "PASS", "\(updated)")
            let client = try await HTTPClient(port: port)
            _ = try await client.get("/")
            async let suspension = agent.send("suspend")
            try await eventually("the port is closed") { (try? await HTTPClient(port: port).get("/")) == nil }
            let status = try await agent.status()
            #expect(status.text("device.phase") != nil)
            // The connection is still there, and so is the change in hand.
            #expect(!agent.process.errorOutput.contains("job.action=SUSPEND"))
            #expect(status.list("changes").count == 1)
            client.close()
            #expect(try await suspension.code == 0)
            #expect(try await agent.status().text("device.phase") == "suspended")
        }
    }

    /// What happened is kept when the agent is killed, and shown while no agent runs.
    @Test func killedAgent() async throws {
        let service = try DeviceTests.Service()
        defer { service.back.stop() }
        try await withAgent(driver: "haproxy") { agent in
            _ = try await agent.reply(to: service.update())
            let before = try await agent.status()
            agent.process.send(signal: SIGKILL)
            _ = try await agent.process.wait()
            let socket = agent.stateFolder.appending(path: "control.sock").path
            #expect(FileManager.default.fileExists(atPath: socket))
            let without = try await agent.local("status")
            #expect(without.code == 69)
            #expect(without.output.contains("UPDATE") && without.output.contains("PASS"), "\(without.output)")
            #expect(without.error.contains("no agent runs"))
            let next = try await agent.restarted(driver: "haproxy")
            try await eventually("the next agent serves") { try await next.local("status").code == 0 }
            let after = try await next.status()
            #expect(after.list("changes").map { $0.text("handle") } == before.list("changes").map { $0.text("handle") })
            #expect(after.text("device.since") == before.text("device.since"))
            #expect(after[path: "proxy.pid"] as? Int == before[path: "proxy.pid"] as? Int)
            await next.process.stop()
        }
    }

    /// A device that should serve and does not has the exit code 1, and says why.
    @Test func haproxyThatCannotRun() async throws {
        let service = try DeviceTests.Service()
        defer { service.back.stop() }
        try await withTemporaryFolder { folder in
            let program = folder.appending(path: "haproxy")
            let link = { try FileManager.default.createSymbolicLink(at: program, withDestinationURL: Self.haproxy) }
            try link()
            try await withAgent(driver: "haproxy", variables: ["STEELYARD_HAPROXY_BINARY": program.path]) { agent in
                let updated = try await agent.reply(to: service.update())
                #expect(updated["hpcs_response"] as? String == "PASS", "\(updated)")
                let proxy = try #require(try await agent.status()[path: "proxy.pid"] as? Int32)
                try FileManager.default.removeItem(at: program)
                // The master ends with its worker, and the agent cannot start another one.
                kill(proxy, SIGKILL)
                try await eventually("the device is seen to fail") { try await agent.local("status").code == 1 }
                let status = try await agent.local("status")
                #expect(status.output.hasPrefix("Device       should serve and does not\n"), "\(status.output)")
                #expect(try await agent.status().text("device.reason") != nil)
                try link()
                try await eventually("it serves again") { try await agent.local("status").code == 0 }
                #expect(try await agent.status()[path: "proxy.unexpected_ends"] as? Int == 1)
            }
        }
    }

    private static let haproxy = URL(filePath: Environment.haproxy)
}
