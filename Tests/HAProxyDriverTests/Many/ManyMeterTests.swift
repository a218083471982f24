// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import SteelyardSystem
import TestServers
import Testing

@testable import HAProxyDriver

/// The bytes of each load balancer are exact when others come and go, and when names with ids replace those without.
@Suite(Requirement.haproxy.trait)
struct ManyMeterTests {
    /// A download on `/held/N` whose second half comes after the node's release.
    private struct HeldDownload {
        private let clients = MeteredClients()
        private let task: Task<Bool, any Error>

        init(_ port: Int, _ count: Int) async throws {
            task = Task { [clients] in try await clients.ask(.http, port, "/held/\(count)") }
            try await eventually("the download has started") { [clients] in clients.received[.http, default: 0] > 0 }
        }

        /// Waits for the end.
        ///
        /// - Returns: The received bytes.
        func end() async throws -> UInt64 {
            #expect(try await task.value)
            return clients.received[.http, default: 0]
        }
    }

    @Test
    func theBytesOfARemovedOneAreReportedOnceUnderItsID() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            try await supervised(device.driver) {
                let nodes = [try Node.local("1", node.port)]
                let (db, api) = (try FreePort.next(), try FreePort.next())
                let others = [
                    try device.named("db", .tcp, port: db, nodes), try device.named("api", port: api, nodes),
                ]
                let web = try device.named("web", port: device.httpPort, nodes)
                try await device.driver.apply(LoadBalancerSet(others + [web]))
                let received = Received()
                let download = try await HeldDownload(device.httpPort, 900_000)
                let session = try await HeldDownload(db, 500_000)
                try await device.driver.apply(
                    LoadBalancerSet(others + [device.named("mail", .tcp, port: device.tcpPort, nodes)])
                )
                #expect(try await device.processes()?.oldWorkers.count == 1)
                try await received.get("/bytes/77", .http("api"), api)
                try await received.get("/bytes/99", .tcp("db"), db)
                node.release()
                await received.add(try await download.end(), try .http("web"))
                await received.add(try await session.end(), try .tcp("db"))
                try await eventually("the old worker ends") { try await device.processes()?.oldWorkers == [] }
                try await expectExact(device.driver, received)
                let report = try await device.driver.usage()
                #expect(try report.entries.map(\.key) == [.http("api"), .http("web"), .tcp("db"), .tcp("mail")])
                try await device.driver.commit(report)
                let next = try await device.driver.usage()
                #expect(try next.entries.map(\.key) == [.http("api"), .tcp("db"), .tcp("mail")])
                #expect(next.bytesByKey == [:])
            }
        }
    }

    /// An old worker sends for `http-in`, the new one for `http-web-in`, and back.
    @Test
    func anOldWorkerOfEitherFormSendsForItsLoadBalancer() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            try await supervised(device.driver) {
                let nodes = [try Node.local("1", node.port)]
                let web = try device.named("web", port: device.httpPort, nodes)
                let api = try device.named("api", port: device.tcpPort, nodes)
                let received = Received()
                try await device.driver.apply(LoadBalancerSet([web]))
                try await received.get("/bytes/1000", .http("web"), device.httpPort)
                // The metering must not depend on which request the old worker finishes first.
                let first = try await HeldDownload(device.httpPort, 400_000)
                #expect(try await device.driver.usage().entries.map(\.key) == [.http])

                try await device.driver.apply(LoadBalancerSet([web, api]))
                try await received.get("/bytes/200", .http("web"), device.httpPort)
                try await received.get("/bytes/300", .http("api"), device.tcpPort)
                let (second, third) = (
                    try await HeldDownload(device.httpPort, 300_000), try await HeldDownload(device.tcpPort, 200_000)
                )
                try await device.driver.apply(LoadBalancerSet([web]))
                try await received.get("/bytes/500", .http("web"), device.httpPort)
                #expect(try await device.processes()?.oldWorkers.count == 2)
                node.release()
                for download in [first, second] { await received.add(try await download.end(), try .http("web")) }
                await received.add(try await third.end(), try .http("api"))
                try await eventually("the old workers end") { try await device.processes()?.oldWorkers == [] }
                try await expectExact(device.driver, received)
                let report = try await device.driver.usage()
                #expect(try report.summedEntries.map(\.key) == [.http, .http("api"), .http("web")])
                #expect(report.summedEntries[0].bytesOut == (await received.bytes.values.reduce(0, +)))

                // The next period has one load balancer only, as before.
                try await device.driver.commit(report)
                try await received.get("/bytes/10", .http("web"), device.httpPort)
                let last = UInt64(try await HTTPClient(port: device.httpPort).get("/bytes/20").byteCount)
                try await eventually("the last period is that of one load balancer") {
                    try await device.driver.usage().bytesByKey[.http, default: 0] > last
                }
                #expect(try await device.driver.usage().entries.map(\.key) == [.http])
            }
        }
    }

    /// The first worker of `web` outlives two changes, after which `api` has the name `http-in`.
    @Test
    func anOldWorkerSendsForTheOneItServed() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            let nodes = [try Node.local("1", node.port)]
            let web = try device.named("web", port: device.httpPort, nodes)
            let api = try device.named("api", port: device.tcpPort, nodes)
            let received = Received()
            try await device.driver.apply(LoadBalancerSet([web]))
            let download = try await HeldDownload(device.httpPort, 400_000)
            try await device.driver.apply(LoadBalancerSet([web, api]))
            try await received.get("/bytes/300", .http("api"), device.tcpPort)
            try await device.driver.apply(LoadBalancerSet([api]))
            try await received.get("/bytes/500", .http("api"), device.tcpPort)
            // An agent that knows it only from the file.
            let next = try device.restarted()
            try await supervised(next) {
                _ = try await next.usage()
                node.release()
                await received.add(try await download.end(), try .http("web"))
                try await expectExact(next, received)
            }
        }
    }

    /// Agents that are killed, with a service manager that keeps the connections to old workers.
    @Test
    func restartedAgentsKnowTheBytesOfEach() async throws {
        let node = try HTTPBackEnd()
        let manager = try StandInServiceManager()
        defer {
            node.stop()
            manager.stop()
        }
        try await withDevice { device in
            let nodes = [try Node.local("1", node.port)]
            let ports = try (0..<3).map { _ in try FreePort.next() }
            let ids = ["web", String(repeating: "a.", count: 32), "db"]
            func set(_ retries: Int) throws -> LoadBalancerSet {
                try LoadBalancerSet(
                    ids.enumerated().map { index, id in
                        try device.named(
                            id,
                            index == 2 ? .tcp : .http,
                            port: ports[index],
                            nodes,
                            options: ConnectionOptions(connectRetries: retries)
                        )
                    }
                )
            }
            let keys = try set(1).loadBalancers.map(\.key)
            let received = Received()
            var driver = try device.restarted(by: manager)
            for round in 1...3 {
                try await driver.apply(set(round))
                for (index, key) in keys.enumerated() {
                    try await received.get("/bytes/\(round * 1000 + index)", key, ports[index])
                }
                driver = try device.restarted(by: manager)
                try await expectExact(driver, received)
                guard round == 2 else { continue }
                // The workers themselves know what was reported, even if the ledger is lost.
                try await driver.commit(driver.usage())
                await received.reset()
                try FileManager.default.removeItem(atPath: device.file("usage.json"))
                driver = try device.restarted(by: manager)
                #expect(try await driver.usage().entries.map(\.key) == keys.sorted())
                #expect(try await driver.usage().bytesByKey == [:])
            }
        }
    }

    /// Another load balancer takes the name `http-in` without a reload, in a period with ids.
    @Test
    func anotherIDOnTheSameProxyIsMeteredSeparately() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            let nodes = [try Node.local("1", node.port)]
            func only(_ id: String) throws -> LoadBalancerSet {
                try LoadBalancerSet([device.named(id, port: device.httpPort, nodes)])
            }
            try await device.driver.apply(
                LoadBalancerSet(only("web").loadBalancers + [device.named("api", port: device.tcpPort, nodes)])
            )
            let received = Received()
            for (round, id) in ["web", "late", "web", "later"].enumerated() {
                try await device.driver.apply(only(id))
                try await received.get("/bytes/\(round * 100 + 1000)", .http(id), device.httpPort)
            }
            try await expectExact(device.driver, received)
            #expect(try await device.processes()?.reloads == 1)
        }
    }
}
