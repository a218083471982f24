// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

/// The bytes that were sent to clients and not yet reported: the sums, and how far each worker's counters were read.
///
/// A worker's counters begin at 0 and only grow, so a reading adds what has come since the last one. Sums and readings are
/// kept together: a crash between the two would lose bytes or count some twice.
///
/// Reports are ordered by ``sequence``, not by time: the clock may be set back.
struct UsageLedger: Hashable, Sendable {
    /// One process of HAProxy's; the number alone could come again.
    struct Worker: Hashable, Sendable {
        let processID: Int32
        /// When it was started, in the kernel's ticks.
        let startTime: UInt64
    }

    /// The beginning of a period, and how the clock was set then.
    struct Moved: Hashable, Sendable {
        let start: UTCTimestamp
        let clock: DeviceClock
    }

    typealias Bytes = [MeteredProtocol: UInt64]

    /// The end of the last committed report.
    private(set) var start: UTCTimestamp
    /// How the clock was set when the last report was committed; nil if that is not known.
    private(set) var clock: DeviceClock?
    /// Where the next period begins, if the clock was set back since ``start``.
    private(set) var moved: Moved?
    /// Grows by 1 with each committed report; it begins with the time of creation, so that a new ledger is later than one
    /// that was lost.
    private(set) var sequence: UInt64
    /// Whether nothing was read, reported or adopted yet.
    private(set) var isNew: Bool
    /// The bytes that no committed report has.
    private(set) var pending: Bytes
    /// The counters of each worker at its last reading.
    private(set) var readings: [Worker: Bytes]
    /// What is served now.
    private(set) var served: Set<MeteredProtocol>
    /// What was served at any time since the last committed report.
    private(set) var servedSince: Set<MeteredProtocol>

    /// Begins a ledger for a device that starts to serve.
    init(start: UTCTimestamp, by clock: DeviceClock = .current) {
        self.init(
            start: start,
            clock: clock,
            sequence: UInt64(clamping: start.microseconds),
            isNew: true,
            pending: [:],
            readings: [:],
            served: [],
            servedSince: []
        )
    }

    init(
        start: UTCTimestamp,
        clock: DeviceClock?,
        moved: Moved? = nil,
        sequence: UInt64,
        isNew: Bool,
        pending: Bytes,
        readings: [Worker: Bytes],
        served: Set<MeteredProtocol>,
        servedSince: Set<MeteredProtocol>
    ) {
        self.start = start
        self.clock = clock
        self.moved = moved
        self.sequence = sequence
        self.isNew = isNew
        self.pending = pending
        self.readings = readings
        self.served = served
        self.servedSince = servedSince
    }

    /// HAProxy's variables have 63 bits for it.
    static func sequence(after sequence: UInt64) -> UInt64 { sequence < UInt64(Int64.max) ? sequence + 1 : 0 }

    /// Takes note of what is served from now on.
    mutating func serve(_ protocols: Set<MeteredProtocol>) {
        served = protocols
        servedSince.formUnion(protocols)
    }

    /// Adds what a worker has sent since its last reading.
    ///
    /// - Returns: What was added.
    @discardableResult
    mutating func record(_ reading: Bytes, of worker: Worker) -> Bytes {
        isNew = false
        let last = readings[worker] ?? [:]
        var added: Bytes = [:]
        for (metered, bytes) in reading {
            let before = last[metered] ?? 0
            // An operator may have cleared the counters: they then began anew.
            let new = bytes >= before ? bytes - before : bytes
            pending[metered, default: 0] &+= new
            added[metered] = new
        }
        readings[worker] = last.merging(reading) { $1 }
        return added
    }

    /// Takes over what workers keep, if this ledger was begun anew or is older than that.
    mutating func adopt(_ kept: [Worker: CommittedReading]) {
        func order(_ reading: CommittedReading) -> (UInt64, UTCTimestamp) { (reading.sequence ?? 0, reading.until) }
        guard let newest = kept.values.max(by: { order($0) < order($1) }) else { return }
        let isOlder = newest.sequence.map { $0 > sequence } ?? (newest.until > start)
        if isOlder {
            // All that this ledger has was in that report.
            pending = [:]
            sequence = newest.sequence ?? Self.sequence(after: sequence)
        }
        if isOlder || isNew {
            start = newest.until
            clock = nil
            moved = nil
        }
        isNew = false
        for (worker, reading) in kept where readings[worker] == nil || isOlder && order(reading) == order(newest) {
            readings[worker] = reading.bytes
        }
    }

    /// Drops the readings of workers that have ended.
    ///
    /// - Returns: Whether there were any.
    mutating func forget(where hasEnded: (Worker) -> Bool) -> Bool {
        let before = readings.count
        readings = readings.filter { !hasEnded($0.key) }
        return readings.count < before
    }

    /// Moves the beginning of the period that is not reported yet, if it is later than now: the clock was set back.
    ///
    /// The period then begins as much before now as it lasts, or just before now if that is not known. It stays there, so
    /// that a report that was not delivered and the next one begin at the same time.
    mutating func settle(before now: UTCTimestamp, by clock: DeviceClock = .current) {
        let (begin, before) = (moved?.start ?? start, moved?.clock ?? self.clock)
        guard begin >= now else { return }
        let latest = now.microseconds - 1
        let change = before.flatMap { clock.change(since: $0) } ?? .max
        let (time, isTooLarge) = begin.microseconds.addingReportingOverflow(change)
        // A state file has no time before 1970.
        let moment = isTooLarge ? latest : max(0, min(time, latest))
        moved = Moved(start: UTCTimestamp(microseconds: moment), clock: clock)
    }

    /// What is to be reported now: the period begins where the last committed report ended, unless it was moved.
    func report(until now: UTCTimestamp, by clock: DeviceClock = .current) -> UsageReport {
        var ledger = self
        ledger.settle(before: now, by: clock)
        let protocols = MeteredProtocol.allCases.filter { servedSince.contains($0) || pending[$0] ?? 0 > 0 }
        return UsageReport(
            start: ledger.moved?.start ?? start,
            end: now,
            entries: protocols.map { UsageReport.Entry(metered: $0, bytesOut: pending[$0] ?? 0) },
            mark: sequence
        )
    }

    /// Takes note that a report was delivered; does nothing if it, or a later one, was committed before.
    ///
    /// - Returns: Whether it has changed anything.
    mutating func commit(_ report: UsageReport, by clock: DeviceClock = .current) -> Bool {
        guard report.mark == sequence else { return false }
        for entry in report.entries {
            let bytes = pending[entry.metered] ?? 0
            pending[entry.metered] = bytes > entry.bytesOut ? bytes - entry.bytesOut : 0
        }
        start = report.end
        self.clock = clock
        moved = nil
        isNew = false
        sequence = Self.sequence(after: sequence)
        servedSince = served
        return true
    }
}
