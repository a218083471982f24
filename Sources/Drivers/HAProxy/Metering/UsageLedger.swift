// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The bytes that were sent to clients and not yet reported: the sums, and how far each worker's counters were read.
///
/// A worker's counters begin at 0 and only grow, so that a reading adds what has come since the last one. Sums and
/// readings are kept together, or a crash between the two would lose bytes or count some twice.
struct UsageLedger: Hashable, Sendable {
    /// One process of HAProxy's; the number alone could come again.
    struct Worker: Hashable, Sendable {
        let processID: Int32
        /// When it was started, in the kernel's ticks.
        let startTime: UInt64
    }

    typealias Bytes = [MeteredProtocol: UInt64]

    /// The end of the last committed report.
    private(set) var start: UTCTimestamp
    /// How many reports were committed.
    private(set) var sequence: UInt64
    /// What no committed report has.
    private(set) var pending: Bytes
    /// What each worker's counters said last.
    private(set) var readings: [Worker: Bytes]
    /// What is served now.
    private(set) var served: Set<MeteredProtocol>
    /// What was served at any time since the last committed report.
    private(set) var servedSince: Set<MeteredProtocol>

    /// Begins a ledger for a device that starts to serve.
    init(start: UTCTimestamp) {
        self.init(start: start, sequence: 0, pending: [:], readings: [:], served: [], servedSince: [])
    }

    init(
        start: UTCTimestamp,
        sequence: UInt64,
        pending: Bytes,
        readings: [Worker: Bytes],
        served: Set<MeteredProtocol>,
        servedSince: Set<MeteredProtocol>
    ) {
        self.start = start
        self.sequence = sequence
        self.pending = pending
        self.readings = readings
        self.served = served
        self.servedSince = servedSince
    }

    /// The file has 63 bits for it.
    private var nextSequence: UInt64 { sequence < UInt64(Int64.max) ? sequence + 1 : 0 }

    /// Takes note of what is served from now on.
    mutating func serve(_ protocols: Set<MeteredProtocol>) {
        served = protocols
        servedSince.formUnion(protocols)
    }

    /// Adds what a worker has sent since its last reading.
    mutating func record(_ reading: Bytes, of worker: Worker) {
        let last = readings[worker] ?? [:]
        for (metered, bytes) in reading {
            let before = last[metered] ?? 0
            // Somebody may have cleared the counters: they then began anew.
            pending[metered, default: 0] &+= bytes >= before ? bytes - before : bytes
        }
        readings[worker] = last.merging(reading) { $1 }
    }

    /// Takes over what workers keep, where this ledger has been begun anew or is older than that.
    mutating func adopt(_ kept: [Worker: CommittedReading]) {
        guard let newest = kept.values.map(\.until).max() else { return }
        let isNew = sequence == 0 && readings.isEmpty && pending.isEmpty
        let isOlder = isNew || newest > start
        if isOlder {
            // All that this ledger has was in that report.
            pending = [:]
            start = newest
            sequence = nextSequence
        }
        for (worker, reading) in kept where reading.until == start && (isOlder || readings[worker] == nil) {
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

    /// What is to be reported.
    func report(until end: UTCTimestamp) -> UsageReport {
        let protocols = MeteredProtocol.allCases.filter { servedSince.contains($0) || pending[$0] ?? 0 > 0 }
        return UsageReport(
            start: start,
            // The clock may have been set back since.
            end: max(start, end),
            entries: protocols.map { UsageReport.Entry(metered: $0, bytesOut: pending[$0] ?? 0) },
            mark: sequence
        )
    }

    /// Takes note that a report was delivered; one that was committed before, or is older, changes nothing.
    ///
    /// - Returns: Whether it has changed anything.
    mutating func commit(_ report: UsageReport) -> Bool {
        guard report.mark == sequence, report.start == start else { return false }
        for entry in report.entries {
            let bytes = pending[entry.metered] ?? 0
            pending[entry.metered] = bytes > entry.bytesOut ? bytes - entry.bytesOut : 0
        }
        start = report.end
        sequence = nextSequence
        servedSince = served
        return true
    }
}
