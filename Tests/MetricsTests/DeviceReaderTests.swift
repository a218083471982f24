// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Synchronization
import TestServers
import Testing

@testable import SteelyardWorker

/// The driver gets one request for all readers.
@Suite struct DeviceReaderTests {
    /// A driver that answers when the test allows it.
    private final class SlowDriver: LoadBalancerDriver {
        let requests = Atomic(0)
        let answers: AsyncStream<Void>
        let answer: AsyncStream<Void>.Continuation

        init() { (answers, answer) = AsyncStream.makeStream(of: Void.self) }

        func apply(_ wanted: LoadBalancerSet) async throws(DriverError) {}
        func suspend() async throws(DriverError) {}
        func enable() async throws(DriverError) {}
        func delete() async throws(DriverError) {}
        func configurationVersion() async throws(DriverError) -> ConfigurationVersion? { nil }

        func status() async throws(DriverError) -> DeviceStatus {
            requests.add(1, ordering: .relaxed)
            for await _ in answers { break }
            return .suspended
        }
    }

    @Test func sendsOneRequest() async {
        let driver = SlowDriver()
        let reader = DeviceReader(driver, lifetime: .seconds(600), timeout: .seconds(600))
        driver.answer.finish()
        let phases = await withTaskGroup(of: DeviceReading.Phase.self) { group in
            for _ in 0..<20 { group.addTask { await reader.reading().phase } }
            return await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(phases == [.suspended])
        #expect(driver.requests.load(ordering: .relaxed) == 1)
    }

    /// If the driver does not answer, scrapes do not wait, and the driver gets no further request.
    @Test func limitsTheWait() async throws {
        let driver = SlowDriver()
        let reader = DeviceReader(driver, lifetime: .zero, timeout: .milliseconds(10))
        for _ in 0..<5 {
            let reading = await reader.reading()
            #expect(reading.phase == .failing)
            #expect(reading.proxy == nil)
        }
        try await eventually("the driver has got one request") { driver.requests.load(ordering: .relaxed) == 1 }
        driver.answer.finish()
        try await eventually("the driver has answered") { await reader.reading().phase == .suspended }
    }
}
