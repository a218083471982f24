// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import NoOpDriver
import SteelyardCore
import SteelyardTestSupport
import Synchronization
import TestServers
import Testing

@Suite("The no-op driver")
struct NoOpDriverTests {
    @Test("obeys the contract", arguments: LoadBalancerDriverContract.checks)
    func contract(_ check: LoadBalancerDriverContract.Check) async throws {
        try await check.run(NoOpDriver(), on: .example)
    }

    @Test("obeys the contract with a scenario", arguments: LoadBalancerDriverContract.checks)
    func contractWithScenario(_ check: LoadBalancerDriverContract.Check) async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "scenario.json5")
            try Data("{bytes: [{per_second: 1000}]} // no faults".utf8).write(to: file)
            try await check.run(ScenarioDriver(device: NoOpDriver(), scenario: file.path), on: .example)
        }
    }

    @Test("reports no bytes, also while suspended; a DELETE resets its periods")
    func usage() async throws {
        let clock = Clock([100, 200, 300, 400])
        let driver = NoOpDriver(now: clock.now)
        try await driver.apply(try .http)
        let report = try await driver.usage()
        #expect(report.start.microseconds == 100 && report.end.microseconds == 200)
        #expect(report.entries == [.init(proxyKind: .http, bytesOut: 0)])
        try await driver.suspend()
        #expect(try await driver.usage().entries == report.entries)
        try await driver.delete()
        try await driver.apply(try .http)
        #expect(try await driver.usage().start.microseconds > report.end.microseconds)
    }

    @Test("committing an older report changes nothing")
    func oldReport() async throws {
        let clock = Clock([100, 200, 300, 400])
        let driver = NoOpDriver(now: clock.now)
        try await driver.apply(try .http)
        let old = try await driver.usage()
        let new = try await driver.usage()
        try await driver.commit(new)
        try await driver.commit(old)
        #expect(try await driver.usage().start == new.end)
    }

    @Test("if the clock is set back, no period ends before its start")
    func clockSetBack() async throws {
        let clock = Clock([500, 600, 50, 70])
        let driver = NoOpDriver(now: clock.now)
        try await driver.apply(try .http)
        try await driver.commit(try await driver.usage())
        let report = try await driver.usage()
        #expect(report.start.microseconds == 600 && report.end >= report.start)
    }

    @Test("a preview reports the state that the device would get")
    func preview() async throws {
        let driver = NoOpDriver()
        #expect(try await driver.preview(.delete) == "notConfigured becomes deleted")
        try await driver.delete()
        #expect(try await driver.preview(.delete).isEmpty)
        let error = await #expect(throws: DriverError.self) { try await driver.preview(.suspend) }
        #expect(error?.code == .deleted)
    }

    @Test("run() waits for the shutdown")
    func run() async throws { try await NoOpDriver().run() }
}

/// A clock that shows a given list of moments, one per call.
private struct Clock {
    let now: @Sendable () -> UTCTimestamp

    init(_ moments: [Int64]) {
        let left = Shared(moments)
        now = { left.next() }
    }

    private final class Shared: Sendable {
        private let moments: Mutex<[Int64]>

        init(_ moments: [Int64]) { self.moments = Mutex(moments) }

        /// The next moment; after the last one, always the last.
        func next() -> UTCTimestamp {
            moments.withLock { UTCTimestamp(microseconds: $0.count > 1 ? $0.removeFirst() : $0[0]) }
        }
    }
}

extension LoadBalancerSet {
    fileprivate static var http: LoadBalancerSet {
        get throws { try LoadBalancerSet([LoadBalancer(protocol: .http, port: .http, nodes: [])]) }
    }
}

extension LoadBalancerDriverContract.Device {
    /// The ports of a device that opens none.
    static let example = LoadBalancerDriverContract.Device(httpPort: 8080, tcpPort: 8081, nodePort: 8082)
}
