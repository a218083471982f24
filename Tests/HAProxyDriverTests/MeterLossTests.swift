// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import SteelyardCore
import SteelyardSystem
import SystemPackage
import TestServers
import Testing

@testable import HAProxyDriver

/// What is lost, and what is not, if a file, a process or free disk space is missing.
@Suite(Requirement.haproxy.trait)
struct MeterLossTests {
    /// The disk is full while reports are delivered, and the agent is killed while it still is.
    @Test
    func aLedgerThatCannotBeWrittenRepeatsNothing() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            var driver = try device.restarted()
            try await driver.apply(device.variant(0, node.port))
            let clients = MeteredClients()
            _ = try await clients.ask(.http, device.httpPort, "/bytes/4000")
            try await expectExact(driver, clients)
            // The ledger's temporary file cannot be written.
            let obstacle = device.file("usage.json.new")
            try FileManager.default.createDirectory(atPath: obstacle, withIntermediateDirectories: false)
            let first = try await driver.usage()
            try await driver.commit(first)
            #expect(try await driver.usage().entries.map(\.bytesOut) == [0, 0])

            driver = try device.restarted()
            let second = MeteredClients()
            _ = try await second.ask(.http, device.httpPort, "/bytes/300")
            _ = try await second.ask(.tcp, device.tcpPort, "/bytes/200")
            try await expectExact(driver, second)
            #expect(try await driver.usage().start == first.end)
            try FileManager.default.removeItem(atPath: obstacle)
            // This reading is written; the full disk has lost nothing.
            try await driver.suspend()
            driver = try device.restarted()
            try await expectExact(driver, second)
        }
    }

    @Test
    func aLedgerThatIsLostRepeatsNothing() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            var driver = try device.restarted()
            try await driver.apply(device.variant(0, node.port))
            let clients = MeteredClients()
            _ = try await clients.ask(.http, device.httpPort, "/bytes/4000")
            try await expectExact(driver, clients)
            let report = try await driver.usage()
            try await driver.commit(report)
            let second = MeteredClients()
            _ = try await second.ask(.http, device.httpPort, "/bytes/30")
            try FileManager.default.removeItem(atPath: device.file("usage.json"))
            driver = try device.restarted()
            try await supervised(driver) {
                try await eventually("a new ledger exists") { try await !driver.usage().entries.isEmpty }
                // TCP was not used: only HTTP counts.
                try await eventually("only unreported bytes are reported") {
                    try await driver.usage().entries.map(\.bytesOut) == [second.received[.http], 0]
                }
                #expect(try await driver.usage().start == report.end)
            }
        }
    }

    /// A write that a kill interrupts leaves a part of the new ledger in the temporary file.
    @Test
    func aTornWriteLeavesTheOldLedger() async throws {
        try await withTemporaryFolder { folder in
            let path = FilePath(folder.appending(path: "usage.json").path)
            let temporary = FilePath(path.string + ".new")
            var ledger = UsageLedger(start: UTCTimestamp(microseconds: 1))
            ledger.serve([.http])
            ledger.record([.http: 10], of: UsageLedger.Worker(processID: 7, startTime: 99))
            try AtomicFile.write(ledger.record, to: path)
            var newer = ledger
            newer.record([.http: 2000], of: UsageLedger.Worker(processID: 7, startTime: 99))
            for count in newer.record.indices {
                try Data(newer.record.prefix(count)).write(to: URL(filePath: temporary.string))
                #expect(try AtomicFile.read(path).flatMap { UsageLedger(record: $0) } == ledger)
            }
            try AtomicFile.write(newer.record, to: path)
            #expect(try AtomicFile.read(path).flatMap { UsageLedger(record: $0) } == newer)
            #expect(try AtomicFile.read(temporary) == nil)
        }
    }

    /// An old worker is stopped for longer than the time limit of an answer: it ends once it is read.
    @Test
    func anOldWorkerThatIsSilentForAWhileIsReadToItsEnd() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            try await device.driver.apply(device.variant(0, node.port))
            let clients = MeteredClients()
            let (http, tcp) = (device.httpPort, device.tcpPort)
            let first = Task { try await clients.ask(.http, http, "/held/9000") }
            let second = Task { try await clients.ask(.tcp, tcp, "/held/7000") }
            try await eventually("the node has the requests") { node.requestCount == 2 }
            try await device.driver.apply(device.variant(1, node.port))
            let old = try #require(try await device.processes()?.oldWorkers.first)
            let handle = try #require(ProcessHandle(old))
            handle.send(SIGSTOP)
            for _ in 0..<3 { await #expect(throws: DriverError.self) { try await device.driver.usage() } }
            node.release()
            handle.send(SIGCONT)
            // Its last clients disconnect while it is not being read.
            #expect(try await first.value)
            #expect(try await second.value)
            try await Task.sleep(for: .milliseconds(300))
            try await expectExact(device.driver, clients)
            #expect(try await blocking { handle.waitForEnd(by: .after(.seconds(10))) })
        }
    }

    @Test
    func aWorkerThatIsKilledIsReadUpToItsLastReading() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            try await device.driver.apply(device.variant(0, node.port))
            let clients = MeteredClients()
            let session = try await clients.open(.http, device.httpPort, "/bytes/6000")
            try await expectExact(device.driver, clients)
            try await device.driver.apply(device.variant(1, node.port))
            let old = try #require(try await device.processes()?.oldWorkers.first)
            ProcessHandle(old)?.send(9)
            try await eventually("it has ended") { try await device.processes()?.oldWorkers == [] }
            _ = try await clients.ask(.http, device.httpPort, "/bytes/500")
            try await expectExact(device.driver, clients)
            withExtendedLifetime(session) {}
        }
    }

    @Test
    func anOldWorkerIsEndedWhenItIsTooOld() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            let limits = OldWorkerLimits(age: .milliseconds(300))
            let files = DeviceFiles(device.configuration)
            try await device.driver.apply(device.variant(0, node.port))
            let served = try device.variant(1, node.port)
            let meter = try Meter(files, DeviceUnderTest.logger, oldWorkerLimits: limits)
            try await meter.serve(device.variant(0, node.port))
            try await meter.read()
            let clients = MeteredClients()
            async let download = clients.ask(.http, device.httpPort, "/slow/1000000/30000")
            try await eventually("the download has started") { clients.received[.http, default: 0] > 0 }
            try await device.driver.apply(device.variant(1, node.port))
            try await meter.read()
            #expect(try await device.processes()?.oldWorkers.count == 1)
            try await eventually("it has ended") {
                try await meter.read()
                return try await device.processes()?.oldWorkers == []
            }
            #expect(try await !download)
            #expect(
                try await meter.report(of: { () throws(DriverError) in served }).entries.first?.bytesOut
                    == clients.received[.http]
            )
        }
    }
}
