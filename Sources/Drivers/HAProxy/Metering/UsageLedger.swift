// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

/// The bytes that were sent to clients and not yet reported: the sums, and the last reading of each worker's counters.
///
/// A worker's counters start at 0 and only grow, so a reading adds the difference to the last one. Sums and readings
/// are stored together: a crash between the two would lose bytes or count some twice.
///
/// ``sequence`` orders reports, not time: the clock may be set back.
struct UsageLedger: Hashable, Sendable {
    /// A process of HAProxy; process IDs alone are reused.
    struct Worker: Hashable, Sendable {
        let processID: Int32
        /// The start time, in the kernel's ticks.
        let startTime: UInt64
    }

    /// The start of a period, and the state of the clock then.
    struct Moved: Hashable, Sendable {
        let start: UTCTimestamp
        let clock: DeviceClock
    }

    typealias Bytes = [LoadBalancerKey: UInt64]

    /// The end of the last committed report.
    private(set) var start: UTCTimestamp
    /// The state of the clock when the last report was committed; nil if it is unknown.
    private(set) var clock: DeviceClock?
    /// The start of the next period, if the clock was set back after ``start``.
    private(set) var moved: Moved?
    /// Grows by 1 with each committed report; it starts with the time of creation, so that a new ledger is later than a
    /// lost one.
    private(set) var sequence: UInt64
    /// Whether nothing was read, reported or adopted yet.
    private(set) var isNew: Bool
    /// The bytes that no committed report contains, by load balancer: with its id wherever it is known.
    private(set) var pending: Bytes
    /// The counters of each worker at its last reading.
    private(set) var readings: [Worker: Bytes]
    /// The load balancers that are served now.
    private(set) var served: Set<LoadBalancerKey>
    /// The load balancers that were served at any time since the last committed report.
    private(set) var servedSince: Set<LoadBalancerKey>
    /// The ids of the load balancers that were served last without an id in their key.
    private(set) var owners: [ProxyKind: Identifier]
    /// Whether an agent that knew ids has written the owners.
    private(set) var knowsOwners: Bool
    /// The same for workers that have served others: an old worker continues to send for those.
    private(set) var formerOwners: [Worker: [ProxyKind: Identifier]]

    /// Creates a ledger for a device that starts to serve.
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
        served: Set<LoadBalancerKey>,
        servedSince: Set<LoadBalancerKey>,
        owners: [ProxyKind: Identifier]? = [:],
        formerOwners: [Worker: [ProxyKind: Identifier]] = [:]
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
        self.owners = owners ?? [:]
        knowsOwners = owners != nil
        self.formerOwners = formerOwners
    }

    /// HAProxy's variables store 63 bits.
    static func sequence(after sequence: UInt64) -> UInt64 { sequence < UInt64(Int64.max) ? sequence + 1 : 0 }

    /// Records the load balancers that are served from now on.
    ///
    /// - Parameters:
    ///   - keys: Their keys.
    ///   - ids: The ids of those whose keys have none.
    ///   - current: The worker that serves them; nil if it is not known.
    mutating func serve(_ keys: Set<LoadBalancerKey>, ids: [ProxyKind: Identifier] = [:], by current: Worker? = nil) {
        served = keys
        servedSince.formUnion(keys)
        guard keys.contains(where: { $0.id == nil }), owners != ids || !knowsOwners else { return }
        if knowsOwners {
            for worker in readings.keys where worker != current && formerOwners[worker] == nil {
                formerOwners[worker] = owners
            }
        } else {
            // An earlier agent has not written whose these bytes are.
            for (kind, id) in ids {
                guard let bytes = pending.removeValue(forKey: LoadBalancerKey(kind)) else { continue }
                pending[LoadBalancerKey(kind, id: id), default: 0] &+= bytes
            }
        }
        owners = ids
        knowsOwners = true
    }

    /// Whether the report has an entry for each id: one was served or has sent in this period.
    private var reportsIDs: Bool { servedSince.contains { $0.id != nil } }

    private static func owner(of key: LoadBalancerKey, _ owners: [ProxyKind: Identifier]) -> LoadBalancerKey {
        key.id == nil ? LoadBalancerKey(key.proxyKind, id: owners[key.proxyKind]) : key
    }

    /// Adds the bytes that a worker has sent since its last reading.
    ///
    /// - Returns: The added bytes.
    @discardableResult
    mutating func record(_ reading: Bytes, of worker: Worker) -> Bytes {
        isNew = false
        let last = readings[worker] ?? [:]
        var added: Bytes = [:]
        let owners = formerOwners[worker] ?? owners
        for (key, bytes) in reading {
            let before = last[key] ?? 0
            // An operator may have cleared the counters: they then restarted at 0.
            let new = bytes >= before ? bytes - before : bytes
            added[key] = new
            guard new > 0 else { continue }
            pending[Self.owner(of: key, owners), default: 0] &+= new
            if key.id != nil { servedSince.insert(key) }
        }
        readings[worker] = last.merging(reading) { $1 }
        return added
    }

    /// Adopts the values that workers store, if this ledger is new or older than they are.
    mutating func adopt(_ kept: [Worker: CommittedReading]) {
        func order(_ reading: CommittedReading) -> (UInt64, UTCTimestamp) { (reading.sequence ?? 0, reading.until) }
        guard let newest = kept.values.max(by: { order($0) < order($1) }) else { return }
        let isOlder = newest.sequence.map { $0 > sequence } ?? (newest.until > start)
        if isOlder {
            // That report contained all bytes of this ledger.
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
        formerOwners = formerOwners.filter { readings[$0.key] != nil }
        return readings.count < before
    }

    /// Moves the start of the unreported period back if it is later than now: the clock was set back.
    ///
    /// The period then starts as long before now as it has lasted, or just before now if that is unknown. It keeps that
    /// start, so that an undelivered report and the next one start at the same time.
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

    /// Returns the current report: its period starts at the end of the last committed report, unless it was moved.
    func report(until now: UTCTimestamp, by clock: DeviceClock = .current) -> UsageReport {
        var ledger = self
        ledger.settle(before: now, by: clock)
        var report = UsageReport(start: ledger.moved?.start ?? start, end: now, entries: entries, mark: sequence)
        report.details = pending.filter { $0.value > 0 }.sorted { $0.key < $1.key }.map {
            UsageReport.Entry($0.key, bytesOut: $0.value)
        }
        return report
    }

    private var entries: [UsageReport.Entry] {
        guard reportsIDs else {
            return ProxyKind.allCases.compactMap { kind in
                let sum = pending.lazy.filter { $0.key.proxyKind == kind }.reduce(UInt64(0)) { $0 &+ $1.value }
                let isServed = servedSince.contains(LoadBalancerKey(kind))
                return isServed || sum > 0 ? UsageReport.Entry(LoadBalancerKey(kind), bytesOut: sum) : nil
            }
        }
        let keys = servedSince.map { Self.owner(of: $0, owners) } + pending.lazy.filter { $0.value > 0 }.map(\.key)
        return Set(keys).sorted().map { UsageReport.Entry($0, bytesOut: pending[$0] ?? 0) }
    }

    /// Records that a report was delivered; does nothing if it or a later one was already committed.
    ///
    /// - Returns: Whether the ledger has changed.
    mutating func commit(_ report: UsageReport, by clock: DeviceClock = .current) -> Bool {
        guard report.mark == sequence else { return false }
        for entry in report.details.isEmpty ? report.entries : report.details {
            let bytes = pending[entry.key] ?? 0
            pending[entry.key] = bytes > entry.bytesOut ? bytes - entry.bytesOut : nil
        }
        // Bytes of ids that came after the report are reported by their ids, too.
        let left = reportsIDs ? pending.filter { $0.value > 0 }.map(\.key) : []
        start = report.end
        self.clock = clock
        moved = nil
        isNew = false
        sequence = Self.sequence(after: sequence)
        servedSince = served.union(left)
        return true
    }
}
