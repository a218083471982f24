// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import SteelyardSystem
import TestServers
import Testing

@testable import HAProxyDriver

/// Every byte is metered, whatever happens to the worker that sends it.
@Suite(Requirement.haproxy.trait, .serialized)
struct MeterReloadTests {
    @Test
    func fiftyReloadsLoseNothing() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            try await supervised(device.driver) {
                try await device.driver.apply(device.variant(0, node.port))
                let clients = MeteredClients()
                async let oneShot: Void = clients.goOn(.http, device.httpPort, "/bytes/3000", keepsAlive: false)
                async let keptAlive: Void = clients.goOn(.http, device.httpPort, "/bytes/777", keepsAlive: true)
                async let session: Void = clients.goOn(.tcp, device.tcpPort, "/bytes/5001", keepsAlive: false)
                async let download = clients.ask(.http, device.httpPort, "/slow/2000000/2000")
                async let copy = clients.ask(.tcp, device.tcpPort, "/slow/1000000/1500")
                for round in 1...50 { try await device.driver.apply(device.variant(round, node.port)) }
                clients.stop()
                _ = try await (oneShot, keptAlive, session)
                #expect(try await download)
                #expect(try await copy)
                try await expectExact(device.driver, clients)
                #expect(clients.answered > 100)
                try await eventually("no old worker is left") {
                    try await device.processes()?.oldWorkers == []
                }
                try await expectExact(device.driver, clients)
                #expect(try await device.processes()?.reloads == 50)
            }
        }
    }

    @Test
    func suspensionsAndAgentsThatAreKilledLoseNothing() async throws {
        let node = try HTTPBackEnd()
        let manager = try StandInServiceManager()
        defer {
            node.stop()
            manager.stop()
        }
        try await withDevice { device in
            // Never supervised, and so ended without a final reading, as after a `kill -9`.
            var driver = try device.restarted(by: manager)
            try await driver.apply(device.variant(0, node.port))
            let clients = MeteredClients()
            for round in 1...5 {
                let before = node.requestCount
                let download = Task { try await clients.ask(.http, device.httpPort, "/slow/500000/900") }
                let session = Task { try await clients.ask(.tcp, device.tcpPort, "/slow/300000/600") }
                try await eventually("the node has both requests") { node.requestCount == before + 2 }
                try await driver.apply(device.variant(round, node.port))
                driver = try device.restarted(by: manager)
                // The download's worker is an old one, which in every other round finishes while no agent runs.
                if round.isMultiple(of: 2) { _ = try await (download.value, session.value) }
                let (http, tcp) = try await supervised(driver) {
                    let ended = try await (download.value, session.value)
                    _ = try await clients.ask(.http, device.httpPort, "/bytes/\(round * 1000)")
                    try await expectExact(driver, clients)
                    return ended
                }
                #expect(http && tcp)
                try await driver.suspend()
                driver = try device.restarted(by: manager)
                try await driver.enable()
                _ = try await clients.ask(.tcp, device.tcpPort, "/bytes/100")
            }
            try await expectExact(driver, clients)
            try await driver.commit(driver.usage())
            driver = try device.restarted(by: manager)
            #expect(try await driver.usage().entries.map(\.bytesOut) == [0, 0])
            // Connections to workers that have ended are discarded.
            try await supervised(driver) {
                try await eventually("one connection is kept, that of the current worker") { manager.kept.count == 1 }
            }
        }
    }

    /// An old worker whose last client disconnects while no agent runs waits for the next agent; without a service
    /// manager that keeps its connection, it ends.
    @Test(arguments: [true, false])
    func anOldWorkerWaitsForTheNextAgent(_ isKept: Bool) async throws {
        let node = try HTTPBackEnd()
        let manager = try StandInServiceManager()
        defer {
            node.stop()
            manager.stop()
        }
        try await withDevice { device in
            var driver: HAProxyDriver? = try isKept ? device.restarted(by: manager) : device.restarted()
            try await driver?.apply(device.variant(0, node.port))
            let clients = MeteredClients()
            async let download = clients.ask(.http, device.httpPort, "/held/500000")
            try await eventually("the download has started") { clients.received[.http, default: 0] > 0 }
            try await driver?.apply(device.variant(1, node.port))
            let old = try #require(try await device.processes()?.oldWorkers.first)
            driver = nil
            node.release()
            #expect(try await download)
            let handle = ProcessHandle(old)
            let hasEnded = try await blocking { handle?.waitForEnd(by: .after(.seconds(isKept ? 1 : 30))) ?? true }
            #expect(hasEnded == !isKept)
            guard isKept else { return }
            let next = try device.restarted(by: manager)
            try await expectExact(next, clients)
            try await supervised(next) {
                try await eventually("the old worker is released") { try await device.processes()?.oldWorkers == [] }
            }
            try await expectExact(next, clients)
        }
    }

    @Test
    func aBurstLeavesFewWorkers() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            try await supervised(device.driver) {
                try await device.driver.apply(device.variant(0, node.port))
                let clients = MeteredClients()
                var idle: [LoopbackSocket] = []
                var most = 0
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for round in 1...50 {
                        idle.append(try await clients.open(.http, device.httpPort, "/bytes/1000"))
                        let (proxyKind, port) =
                            round.isMultiple(of: 2) ? (ProxyKind.http, device.httpPort) : (.tcp, device.tcpPort)
                        group.addTask { _ = try await clients.ask(proxyKind, port, "/slow/4000000/120000") }
                        try await eventually("the download has started") {
                            clients.received[proxyKind, default: 0] >= UInt64((round + 1) / 2 * 200_000)
                        }
                        try await device.driver.apply(device.variant(round, node.port))
                        most = max(most, try await device.processes()?.oldWorkers.count ?? 0)
                    }
                    #expect(most <= OldWorkerLimits().count + 1)
                    #expect(try await device.processes()?.oldWorkers.count ?? 0 >= 8)
                    // The remaining connections are closed.
                    try await device.driver.suspend()
                    try await group.waitForAll()
                }
                try await expectExact(device.driver, clients)
                #expect(try await device.processes()?.oldWorkers == [])
                withExtendedLifetime(idle) {}
            }
        }
    }

    @Test
    func deletionDoesNotWaitForHeldWorkers() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            try await device.driver.apply(device.variant(0, node.port))
            let clients = MeteredClients()
            async let download = clients.ask(.http, device.httpPort, "/slow/1000000/30000")
            try await eventually("the download has started") { clients.received[.http, default: 0] > 0 }
            try await device.driver.apply(device.variant(1, node.port))
            #expect(try await device.processes()?.oldWorkers.count == 1)
            try await device.driver.delete()
            #expect(try await !download)
            #expect(try await device.processes() == nil)
        }
    }
}
