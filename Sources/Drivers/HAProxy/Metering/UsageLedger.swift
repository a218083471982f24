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
    /// The bytes that no committed report contains.
    private(set) var pending: Bytes
    /// The counters of each worker at its last reading.
    private(set) var readings: [Worker: Bytes]
    /// The load balancers that are served now.
    private(set) var served: Set<LoadBalancerKey>
    /// The load balancers that were served at any time since the last committed report.
    private(set) var servedSince: Set<LoadBalancerKey>
    /// The ids of the load balancers that were served last without an id in their key.
    private(set) var owners: [ProxyKind: Identifier]
    /// The ids that bytes without an id got since the last committed report.
    private(set) var assigned: [ProxyKind: Identifier]
    /// The ``owners`` in old workers, if other load balancers have taken the names since.
    private(set) var oldOwners: [Worker: [ProxyKind: Identifier]]

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
        owners: [ProxyKind: Identifier] = [:],
        assigned: [ProxyKind: Identifier] = [:],
        oldOwners: [Worker: [ProxyKind: Identifier]] = [:]
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
        self.owners = owners
        self.assigned = assigned
        self.oldOwners = oldOwners
    }

    /// HAProxy's variables store 63 bits.
    static func sequence(after sequence: UInt64) -> UInt64 { sequence < UInt64(Int64.max) ? sequence + 1 : 0 }

    /// Records the load balancers that are served from now on.
    ///
    /// - Parameters:
    ///   - ids: The ids of the load balancers whose keys have none.
    ///   - oldWorkers: The processes that still serve the load balancers before them.
    mutating func serve(
        _ keys: Set<LoadBalancerKey>,
        ids: [ProxyKind: Identifier] = [:],
        oldWorkers: Set<Int32> = []
    ) {
        served = keys
        servedSince.formUnion(keys)
        if keys.contains(where: { $0.id == nil }), owners != ids {
            for worker in readings.keys where oldWorkers.contains(worker.processID) && oldOwners[worker] == nil {
                oldOwners[worker] = owners
            }
            owners = ids
        }
        assignPending()
    }

    /// Whether the report has an entry for each id: one was served in this period, or an old worker still sends for one.
    private var reportsIDs: Bool {
        servedSince.contains { $0.id != nil } || pending.contains { $0.key.id != nil && $0.value > 0 }
    }

    /// The key under which the bytes of a front end are reported.
    ///
    /// In a period with ids, a load balancer without one in its key is reported by its id, too.
    private func owner(of key: LoadBalancerKey, in worker: Worker? = nil) -> LoadBalancerKey {
        let owners = worker.flatMap { oldOwners[$0] } ?? owners
        guard key.id == nil, let id = owners[key.proxyKind], reportsIDs else { return key }
        return LoadBalancerKey(key.proxyKind, id: id)
    }

    /// Assigns the bytes without an id to the id, once the report has entries for ids.
    private mutating func assignPending() {
        for key in ProxyKind.allCases.map({ LoadBalancerKey($0) }) {
            let owner = owner(of: key)
            guard owner != key, let bytes = pending.removeValue(forKey: key) else { continue }
            pending[owner, default: 0] &+= bytes
            assigned[key.proxyKind] = owner.id
        }
    }

    /// Adds the bytes that a worker has sent since its last reading.
    ///
    /// - Returns: The added bytes.
    @discardableResult
    mutating func record(_ reading: Bytes, of worker: Worker) -> Bytes {
        isNew = false
        let last = readings[worker] ?? [:]
        var added: Bytes = [:]
        for (key, bytes) in reading {
            let before = last[key] ?? 0
            // An operator may have cleared the counters: they then restarted at 0.
            let new = bytes >= before ? bytes - before : bytes
            pending[owner(of: key, in: worker), default: 0] &+= new
            added[key] = new
        }
        readings[worker] = last.merging(reading) { $1 }
        assignPending()
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
        oldOwners = oldOwners.filter { readings[$0.key] != nil }
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
        let keys = Set(servedSince.map { owner(of: $0) } + pending.lazy.filter { $0.value > 0 }.map(\.key)).sorted()
        return UsageReport(
            start: ledger.moved?.start ?? start,
            end: now,
            entries: keys.map { UsageReport.Entry($0, bytesOut: pending[$0] ?? 0) },
            mark: sequence
        )
    }

    /// Records that a report was delivered; does nothing if it or a later one was already committed.
    ///
    /// - Returns: Whether the ledger has changed.
    mutating func commit(_ report: UsageReport, by clock: DeviceClock = .current) -> Bool {
        guard report.mark == sequence else { return false }
        for entry in report.entries {
            let left = takePending(entry.bytesOut, of: entry.key)
            // They may have got an id since the report.
            guard left > 0, entry.key.id == nil, let id = assigned[entry.proxyKind] else { continue }
            _ = takePending(left, of: LoadBalancerKey(entry.proxyKind, id: id))
        }
        assigned = [:]
        start = report.end
        self.clock = clock
        moved = nil
        isNew = false
        sequence = Self.sequence(after: sequence)
        servedSince = served
        return true
    }

    /// Removes reported bytes.
    ///
    /// - Returns: The bytes that are not pending under this key.
    private mutating func takePending(_ bytes: UInt64, of key: LoadBalancerKey) -> UInt64 {
        let known = pending[key] ?? 0
        pending[key] = known > bytes ? known - bytes : nil
        return bytes > known ? bytes - known : 0
    }
}
