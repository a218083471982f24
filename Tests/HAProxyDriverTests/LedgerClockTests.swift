// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem
import TestServers
import Testing

@testable import HAProxyDriver

/// Periods and bytes while the clock is set back and forward.
@Suite
struct LedgerClockTests {
    private static let second: Int64 = 1_000_000
    private static let hour = 3600 * second
    private static let worker = UsageLedger.Worker(processID: 7, startTime: 99)

    /// A device whose clock can be set, while the true time continues.
    private struct Device {
        var trueTime = 1_795_400_000 * LedgerClockTests.second
        /// How far the clock is ahead.
        var fault: Int64 = 0
        var boot = "boot-1"

        var now: UTCTimestamp { UTCTimestamp(microseconds: trueTime + fault) }
        var clock: DeviceClock { DeviceClock(boot: boot, offset: 1_700_000_000 * LedgerClockTests.second + fault) }
    }

    private func ledger(_ device: Device) -> UsageLedger {
        var ledger = UsageLedger(start: device.now, by: device.clock)
        ledger.serve([.http])
        return ledger
    }

    /// The agent ran an hour ahead; then the clock is corrected, with and without a restart of the agent.
    @Test(arguments: [true, false])
    func anHourAhead(isRestarted: Bool) throws {
        var device = Device()
        device.fault = Self.hour
        var ledger = ledger(device)
        device.trueTime += 60 * Self.second
        ledger.record([.http: 10], of: Self.worker)
        let isCommitted = ledger.commit(ledger.report(until: device.now, by: device.clock), by: device.clock)
        #expect(isCommitted)
        device.fault = 0
        device.trueTime += 300 * Self.second
        if isRestarted { ledger = try #require(UsageLedger(record: ledger.record)) }
        ledger.record([.http: 15], of: Self.worker)
        for _ in 0..<2 {
            // Until a report is delivered, the period starts at the same time.
            let report = ledger.report(until: device.now, by: device.clock)
            #expect(report.end == device.now)
            #expect(report.start.microseconds == device.trueTime - report.age)
            #expect(report.entries.map(\.bytesOut) == [5])
            device.trueTime += 10 * Self.second
            #expect(ledger.report(until: device.now, by: device.clock).start == report.start)
        }
        let report = ledger.report(until: device.now, by: device.clock)
        #expect(report.age == 320 * Self.second)
        let isDelivered = ledger.commit(report, by: device.clock)
        device.trueTime += Self.second
        let next = ledger.report(until: device.now, by: device.clock)
        #expect(isDelivered && next.start == report.end && next.end == device.now)
        #expect(next.entries.map(\.bytesOut) == [0])
    }

    /// Even then, two undelivered reports start at the same time.
    @Test func aRestartOfTheDeviceForgetsHowLongItWas() throws {
        var device = Device()
        device.fault = Self.hour
        var ledger = ledger(device)
        device = Device(trueTime: device.trueTime + Self.second, boot: "boot-2")
        let report = ledger.report(until: device.now, by: device.clock)
        #expect(report.age == 1)
        ledger.settle(before: device.now, by: device.clock)
        ledger = try #require(UsageLedger(record: ledger.record))
        device.trueTime += 5 * Self.second
        #expect(ledger.report(until: device.now, by: device.clock).start == report.start)
        // The clock is set back once more, before any report is delivered.
        device.fault = -60 * Self.second
        let second = ledger.report(until: device.now, by: device.clock)
        #expect(second.end == device.now && second.age == 5 * Self.second + 1)
        // Variables of an earlier agent, which are ordered by time, do not remove pending bytes.
        ledger.record([.http: 7], of: Self.worker)
        ledger.adopt([Self.worker: CommittedReading(until: ledger.start, bytes: [:])])
        #expect(ledger.pending == [.http: 7])
        device.boot = ""
        let unknown = UsageLedger(start: UTCTimestamp(microseconds: device.trueTime + 5), by: device.clock)
        #expect(unknown.report(until: device.now, by: device.clock).age == 1)
    }

    /// Each period ends now, and starts at the end of the last one unless the clock was set back in between.
    ///
    /// No byte is lost or reported twice.
    @Test(arguments: Seeds.first(200))
    func periods(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var device = Device()
        var ledger = ledger(device)
        var kept = CommittedReading(until: device.now, bytes: [:])
        var (sent, reported): (UInt64, UInt64) = (0, 0)
        var last: UsageReport?
        var wasSetBack = false
        for _ in 0..<100 {
            device.trueTime += Int64(random.below(600)) * Self.second + 1
            switch random.below(8) {
            case 0:
                let change = (Int64(random.below(7200)) - 3600) * Self.second
                device.fault += change
                wasSetBack = wasSetBack || change < 0
            case 1:
                // The machine reboots, and HAProxy with it.
                device.boot += "+"
            case 2: ledger = try #require(UsageLedger(record: ledger.record))
            case 3 where last != nil:
                // The ledger is lost; the worker stores the reported counters.
                ledger = self.ledger(device)
                ledger.adopt([Self.worker: kept])
            default: break
            }
            sent += UInt64(random.below(1000))
            ledger.record([.http: sent], of: Self.worker)
            if random.isLucky(oneIn: 2) { ledger.settle(before: device.now, by: device.clock) }
            let report = ledger.report(until: device.now, by: device.clock)
            #expect(report.end == device.now && report.start < report.end, "seed \(seed)")
            #expect(report.entries.map(\.bytesOut) == [sent - reported], "seed \(seed)")
            if let last, !wasSetBack { #expect(report.start == last.end, "seed \(seed)") }
            guard random.isLucky(oneIn: 2) else { continue }
            let isCommitted = ledger.commit(report, by: device.clock)
            #expect(isCommitted)
            kept = CommittedReading(of: report, bytes: [.http: sent])
            reported = sent
            (last, wasSetBack) = (report, false)
        }
    }

    /// The disk is full when a report is delivered, and the clock is set back before the next agent starts.
    @Test func aLedgerThatCouldNotBeWrittenRepeatsNothing() throws {
        var device = Device()
        device.fault = Self.hour
        var ledger = ledger(device)
        ledger.record([.http: 10], of: Self.worker)
        let onDisk = ledger.record
        ledger.record([.http: 25], of: Self.worker)
        let report = ledger.report(until: device.now, by: device.clock)
        let kept = CommittedReading(of: report, bytes: [.http: 25])
        device.fault = 0
        device.trueTime += Self.second
        var next = try #require(UsageLedger(record: onDisk))
        next.adopt([Self.worker: kept])
        next.record([.http: 30], of: Self.worker)
        let second = next.report(until: device.now, by: device.clock)
        #expect(second.entries.map(\.bytesOut) == [5] && second.end == device.now)
        // An old worker without the second report's values does not restore the first report's.
        let isCommitted = next.commit(second, by: device.clock)
        next.adopt([Self.worker: kept])
        #expect(isCommitted && next.report(until: device.now, by: device.clock).entries.map(\.bytesOut) == [0])
        #expect(next.start == second.end)
    }

    /// A new ledger has read one worker before another one, with stored values, answers.
    @Test func aWorkerThatAnswersLateLosesNothing() {
        let device = Device()
        let earlier = ledger(device)
        let report = earlier.report(until: device.now, by: device.clock)
        var later = device
        later.trueTime += Self.second
        var ledger = ledger(later)
        ledger.record([.http: 10], of: .init(processID: 8, startTime: 100))
        ledger.adopt([Self.worker: CommittedReading(of: report, bytes: [.http: 40])])
        ledger.record([.http: 42], of: Self.worker)
        #expect(ledger.report(until: later.now, by: later.clock).entries.map(\.bytesOut) == [12])
    }

    /// The clock of a device without a battery starts in 1970.
    @Test func aClockThatBeginsIn1970KeepsTheLedger() throws {
        var device = Device()
        var ledger = ledger(device)
        device.trueTime += 300 * Self.second
        device.fault = 10 * Self.second - device.trueTime
        ledger.settle(before: device.now, by: device.clock)
        let report = try #require(UsageLedger(record: ledger.record)).report(until: device.now, by: device.clock)
        #expect(report.start == UTCTimestamp(microseconds: 0) && report.end == device.now)
    }

    /// Variables from an earlier agent have no sequence.
    @Test func whatAnEarlierAgentKeptIsOrderedByTime() {
        let device = Device()
        var ledger = ledger(device)
        ledger.record([.http: 10], of: Self.worker)
        let before = CommittedReading(until: UTCTimestamp(microseconds: device.trueTime - 5), bytes: [.http: 2])
        ledger.adopt([Self.worker: before])
        #expect(ledger.pending == [.http: 10])
        let after = CommittedReading(until: UTCTimestamp(microseconds: device.trueTime + 5), bytes: [.http: 12])
        ledger.adopt([Self.worker: after])
        ledger.record([.http: 15], of: Self.worker)
        #expect(ledger.pending == [.http: 3] && ledger.start == after.until)
    }

    @Test func aWorkerKeepsWhatItIsTold() throws {
        let reading = CommittedReading(
            of: UsageReport(start: .now, end: .now, entries: [], mark: 1_795_400_000_000_000),
            bytes: [.http: 7, .tcp: 9]
        )
        var variables: [Substring: Substring] = [:]
        for command in reading.commands {
            let words = command.split(separator: " ")
            variables[words[2]] = words[3].dropFirst(4).dropLast()
        }
        let read = try CommittedReading(of: [.http, .tcp]) { command in
            let name = command.split(separator: " ")[2]
            return variables[name].map { "\(name): type=sint value=<\($0)>" } ?? "Variable not found."
        }
        #expect(read == reading)
    }

    @Test func theDevicesClockCanBeRead() {
        let clock = DeviceClock.current
        #expect(!clock.boot.isEmpty && DeviceClock.uptime > 0)
        let difference = UTCTimestamp.now.microseconds - DeviceClock.uptime - clock.offset
        #expect(abs(difference) < Self.second)
        #expect(DeviceClock(boot: "a", offset: .min).change(since: DeviceClock(boot: "a", offset: 1)) == nil)
    }
}

extension UsageReport {
    fileprivate var age: Int64 { end.microseconds - start.microseconds }
}
