// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import TestServers
import Testing

@testable import HAProxyDriver

/// The socket that transfers a stick table from an old worker to the new one, if workers run as another user.
@Suite(Requirement.haproxy.trait, .enabled(if: geteuid() == 0, "only root can run HAProxy as another user"))
struct PeerSocketTests {
    @Test(arguments: [nil, "nogroup"])
    func aStickTableSurvivesAReloadAndOthersCannotReachIt(group: String?) async throws {
        let (one, two) = (try HTTPBackEnd(name: "1"), try HTTPBackEnd(name: "2"))
        defer {
            one.stop()
            two.stop()
        }
        try await withTemporaryFolder { folder in
            let state = folder.appending(path: "state")
            // As an earlier agent may have created it.
            try FileManager.default.createDirectory(
                at: state,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
            let configuration = try HAProxyConfiguration(
                ["user": "nobody", "group": .of(group), "max_connections": 500],
                stateDirectory: state.path
            )
            let driver = try HAProxyDriver(configuration: configuration, logger: DeviceUnderTest.logger)
            let device = DeviceUnderTest(
                folder: state,
                configuration: configuration,
                driver: driver,
                httpPort: try FreePort.next(),
                tcpPort: try FreePort.next()
            )
            do {
                try await survive(device, one.port, two.port)
                try await expectClosed(state.appending(path: "peers.sock").path)
            } catch {
                try await driver.delete()
                throw error
            }
            try await driver.delete()
        }
    }

    private func survive(_ device: DeviceUnderTest, _ one: Int, _ two: Int) async throws {
        func set(_ retries: Int) throws -> LoadBalancerSet {
            let nodes = [try Node.local("1", one), try Node.local("2", two)]
            return try LoadBalancerSet([device.tcp(nodes, options: ConnectionOptions(connectRetries: retries))])
        }
        try await device.driver.apply(set(1))
        let first = try await HTTPClient(port: device.tcpPort).get("/").text
        // A worker that was started, not reloaded, waits for a peer's table before it sends its own.
        try await eventually("HAProxy has waited for peers") {
            try await device.command("show peers").contains("resync_timeout=<PAST>")
        }
        try await device.driver.apply(set(2))
        try await eventually("the new worker has the client's entry") {
            try await device.command("show table tcp-servers").contains("server_key=id-")
        }
        #expect(try await HTTPClient(port: device.tcpPort).get("/").text == first)
    }

    private func expectClosed(_ path: String) async throws {
        var information = stat()
        try #require(stat(path, &information) == 0)
        #expect(information.st_mode & S_IFMT == S_IFSOCK && information.st_mode & 0o7777 == 0o600)
        #expect(information.st_uid == getpwnam("nobody").pointee.pw_uid)
        let script = """
            import os, socket, sys
            os.setgroups([]); os.setgid(54321); os.setuid(54321)
            for attempt in (lambda: socket.socket(socket.AF_UNIX).connect(sys.argv[1]),
                            lambda: socket.socket(socket.AF_UNIX).bind(sys.argv[1] + ".1.tmp"),
                            lambda: os.unlink(sys.argv[1]),
                            lambda: os.listdir(os.path.dirname(sys.argv[1]))):
                try: attempt()
                except PermissionError: continue
                sys.exit("another user can")
            """
        _ = try await Command.run("/usr/bin/env", ["python3", "-c", script, path])
        let names = try String(contentsOfFile: "/proc/net/unix", encoding: .utf8)
        // Other tests have their own sockets there.
        #expect(!names.replacing("@steelyard-test-", with: "").contains("@steelyard"))
    }
}
