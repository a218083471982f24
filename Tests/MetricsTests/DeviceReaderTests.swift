// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Synchronization
import TestServers
import Testing

@testable import SteelyardWorker

/// One question to the driver for all who want to know the same.
@Suite struct DeviceReaderTests {
    /// A driver whose answer comes when the test wants it.
    private final class SlowDriver: LoadBalancerDriver {
        let questions = Atomic(0)
        let answers: AsyncStream<Void>
        let answer: AsyncStream<Void>.Continuation

        init() { (answers, answer) = AsyncStream.makeStream(of: Void.self) }

        func apply(_ wanted: LoadBalancerSet) async throws(DriverError) {}
        func suspend() async throws(DriverError) {}
        func enable() async throws(DriverError) {}
        func delete() async throws(DriverError) {}
        func configurationVersion() async throws(DriverError) -> ConfigurationVersion? { nil }

        func status() async throws(DriverError) -> DeviceStatus {
            questions.add(1, ordering: .relaxed)
            for await _ in answers { break }
            return .suspended
        }
    }

    @Test func asksOnceForAll() async {
        let driver = SlowDriver()
        let reader = DeviceReader(driver, lifetime: .seconds(600), timeout: .seconds(600))
        driver.answer.finish()
        let phases = await withTaskGroup(of: DeviceReading.Phase.self) { group in
            for _ in 0..<20 { group.addTask { await reader.reading().phase } }
            return await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(phases == [.suspended])
        #expect(driver.questions.load(ordering: .relaxed) == 1)
    }

    /// A driver that does not answer keeps no scrape waiting, and is asked nothing more.
    @Test func waitsForNoDriverForLong() async throws {
        let driver = SlowDriver()
        let reader = DeviceReader(driver, lifetime: .zero, timeout: .milliseconds(10))
        for _ in 0..<5 {
            let reading = await reader.reading()
            #expect(reading.phase == .failed)
            #expect(reading.proxy == nil)
        }
        #expect(driver.questions.load(ordering: .relaxed) == 1)
        driver.answer.finish()
        try await eventually("the driver has answered") { await reader.reading().phase == .suspended }
    }
}
