// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// Reads the workers' counters into the ledger, on a dedicated thread: a report never waits for a change.
///
/// Every byte is counted unless a worker is killed, which loses its bytes since the last reading, or ends while no
/// agent runs. Under systemd, an old worker waits for the next agent (`WorkerHolds`).
actor Meter {
    typealias Worker = UsageLedger.Worker

    private let executor: ThreadExecutor
    let logger: Logger
    private let path: FilePath
    /// The results of the last reading.
    nonisolated let view = MeterView()
    let oldWorkerLimits: OldWorkerLimits
    private let now: @Sendable () -> UTCTimestamp
    private var ledger: UsageLedger?
    /// The ledger on disk.
    private var written: UsageLedger?
    private var writeAfter = ContinuousClock.now
    /// The last requested report, and the reading of each worker for it.
    private var reported: (report: UsageReport, readings: [Worker: UsageLedger.Bytes])?
    var holds: WorkerHolds
    /// When each worker became an old one, as far as this agent has seen.
    var oldSince: [Worker: ContinuousClock.Instant] = [:]
    /// The workers whose stored values were read.
    private var known: Set<Worker> = []
    /// The time limit of a reading; METRICS waits at most five seconds.
    private static let timeout = Duration.seconds(1)
    /// How often the ledger is written while only its numbers grow: the maximum loss if the agent and HAProxy end
    /// together.
    private static let writeInterval = Duration.seconds(10)

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    init(
        _ files: DeviceFiles,
        _ logger: Logger,
        oldWorkerLimits: OldWorkerLimits = OldWorkerLimits(),
        descriptors: any DescriptorStore = NoDescriptorStore(),
        isReadOnly: Bool = false,
        now: @escaping @Sendable () -> UTCTimestamp = { .now }
    ) throws(ThreadError) {
        executor = try ThreadExecutor(name: "haproxy-meter")
        self.logger = logger
        self.oldWorkerLimits = oldWorkerLimits
        self.now = now
        path = files.usage
        holds = WorkerHolds(files, descriptors)
        ledger = Self.read(path, logger, isReadOnly: isReadOnly)
        written = ledger
    }

    /// Records the load balancers that are served from now on.
    ///
    /// - Parameter oldWorkers: The processes that still serve the load balancers before them.
    func serve(_ set: LoadBalancerSet, oldWorkers: Set<Int32> = []) {
        var ledger = ledger ?? UsageLedger(start: now())
        let before = (ledger.served, ledger.owners)
        let ids = set.loadBalancers.compactMap { loadBalancer in
            loadBalancer.id.map { (loadBalancer.key.proxyKind, $0) }
        }
        ledger.serve(
            Set(set.loadBalancers.map(\.key)),
            ids: set.usesIDs ? [:] : Dictionary(ids) { first, _ in first },
            oldWorkers: oldWorkers
        )
        self.ledger = ledger
        write(atOnce: written == nil || before != (ledger.served, ledger.owners))
    }

    /// Resets the ledger, in memory and on disk.
    ///
    /// - Throws: `DriverError` with code `stateUnwritable`.
    func reset() throws(DriverError) {
        ledger = nil
        written = nil
        reported = nil
        holds.release { _ in true }
        do throws(FileError) { try AtomicFile.remove(path) } catch {
            throw DriverError(.stateUnwritable, error.description)
        }
    }

    /// Reads all workers, releases those that have nothing left to send, and ends those that are too old or too many.
    ///
    /// - Returns: The maximum wait before the next reading.
    /// - Throws: `DriverError` if a running worker does not answer; the others were read.
    @discardableResult
    func read(writing atOnce: Bool = false) throws(DriverError) -> Duration {
        let old = try readWorkers(writing: atOnce)
        endSurplus(of: old)
        // An old worker that is held waits for this to release it; any other may end at any time.
        if !old.allSatisfy({ holds.isHeld($0) }) { return .milliseconds(100) }
        return old.isEmpty ? .seconds(1) : .milliseconds(500)
    }

    /// Reads all workers and writes the ledger: the current worker may end while no agent runs.
    func readBeforeReload() {
        do throws(DriverError) { try read(writing: true) } catch {
            logger.warning("cannot read a worker's counters", metadata: [LogKeys.error: "\(error)"])
        }
    }

    /// Reads all workers and creates a report.
    ///
    /// - Throws: `DriverError` if a worker does not answer: its bytes remain for the next report.
    /// - Parameter served: Returns the served load balancers, or throws; a DELETE may just have been committed.
    func report(of served: @Sendable () throws(DriverError) -> LoadBalancerSet) throws(DriverError) -> UsageReport {
        let set = try served()
        // Right after a start, the ledger is empty.
        if ledger?.served.isEmpty ?? true { serve(set) }
        try readWorkers()
        let time = now()
        ledger?.settle(before: time)
        let report = (ledger ?? UsageLedger(start: time)).report(until: time)
        reported = (report, ledger?.readings ?? [:])
        return report
    }

    /// Records that a report was delivered.
    func commit(_ report: UsageReport) {
        guard ledger?.commit(report) == true else { return }
        write(atOnce: true)
        guard let reported, reported.report == report else { return }
        for (worker, bytes) in reported.readings {
            let reading = CommittedReading(of: report, bytes: bytes)
            for command in reading.commands { holds.tell(command, worker, by: .after(Self.timeout)) }
        }
    }

    /// Reads all workers, and releases those that have nothing left to send.
    ///
    /// - Returns: The old workers that still run.
    @discardableResult
    private func readWorkers(writing atOnce: Bool = false) throws(DriverError) -> [Worker] {
        guard ledger != nil else { return [] }
        let deadline = Deadline.after(Self.timeout)
        let table = try holds.processes(by: deadline)
        let old = (table?.oldWorkers ?? []).compactMap(Worker.init)
        let workers = old + [table?.worker].compactMap { $0.flatMap(Worker.init) }
        var failure: DriverError?
        for worker in workers { holds.hold(worker, isOld: old.contains(worker), by: deadline) }
        do throws(DriverError) { try adopt(workers, deadline) } catch { failure = error }
        var finished: Set<Worker> = []
        // By their IDs: the current worker may become an old one between two commands.
        for worker in workers where known.contains(worker) {
            do throws(DriverError) {
                let isFinished = old.contains(worker) ? try holds.isFinished(worker, by: deadline) : false
                try record(worker, deadline)
                if isFinished { finished.insert(worker) }
            } catch { failure = error }
        }
        let haveEnded = ledger?.forget { $0.hasEnded } ?? false
        holds.release { $0.hasEnded }
        oldSince = oldSince.filter { old.contains($0.key) }
        for worker in old { oldSince[worker] = oldSince[worker] ?? .now }
        view.show(old: oldSince)
        known.formIntersection(workers)
        // The bytes of a worker must be on disk before it ends: it cannot be queried again.
        write(atOnce: atOnce || haveEnded || !old.isEmpty)
        if ledger == written { letEnd(finished) }
        // A worker that has just ended is not a failure.
        if let failure, failure.code != .notRunning { throw failure }
        return old.filter { !$0.hasEnded }
    }

    /// Queries workers that are seen for the first time for the counters that were already reported.
    ///
    /// - Throws: `DriverError` if one does not answer; it is then neither known nor read.
    private func adopt(_ workers: [Worker], _ deadline: Deadline) throws(DriverError) {
        var kept: [Worker: CommittedReading] = [:]
        var failure: DriverError?
        for worker in workers where !known.contains(worker) {
            do throws(DriverError) {
                let keys = try frontends(of: worker, deadline).map(\.key)
                kept[worker] = try CommittedReading(of: keys) { (command) throws(DriverError) -> String in
                    try holds.ask(command, worker, by: deadline)
                }
                known.insert(worker)
            } catch { failure = error }
        }
        ledger?.adopt(kept)
        if let failure { throw failure }
    }

    func record(_ worker: Worker, _ deadline: Deadline) throws(DriverError) {
        var reading: UsageLedger.Bytes = [:]
        for (key, row) in try frontends(of: worker, deadline) { reading[key] = Self.bytesOut(row, of: key.proxyKind) }
        if let added = ledger?.record(reading, of: worker) { view.add(added) }
    }

    /// The front ends of a worker, with their statistics.
    private func frontends(
        of worker: Worker,
        _ deadline: Deadline
    ) throws(DriverError) -> [(key: LoadBalancerKey, row: StatisticsTable.Row)] {
        let answer = try holds.ask("show stat -1 1 -1", worker, by: deadline)
        guard let table = StatisticsTable(answer) else {
            throw DriverError(.unavailable, "HAProxy's worker \(worker.processID) returned no statistics")
        }
        return table.rows.compactMap { row in ProxyName(frontend: row["pxname"]).map { ($0.key, row) } }
    }

    /// The bytes that a front end has sent.
    private static func bytesOut(_ row: StatisticsTable.Row, of proxyKind: ProxyKind) -> UInt64? {
        let sent = UInt64(row["bout"])
        // The bytes on the wire; `bout` leaves out part of the head of each HTTP response.
        guard proxyKind == .http, let wire = UInt64(row["h1_bytes_out"]) else { return sent }
        // They do not contain HTTP/2, for which HAProxy has no such counter. The larger one never decreases.
        return (UInt64(row["h2_total_connections"]) ?? 0) > 0 ? max(wire, sent ?? 0) : wire
    }

    /// Writes the ledger if it has changed.
    func write(atOnce: Bool) {
        guard let ledger, ledger != written, atOnce || writeAfter <= .now else { return }
        // On a full disk, the next reading retries; the numbers are safe in the workers and in memory.
        writeAfter = .now + Self.writeInterval
        do throws(FileError) {
            try AtomicFile.write(ledger.record, to: path)
            written = ledger
        } catch {
            logger.warning("cannot write the usage ledger; retrying", metadata: [LogKeys.error: "\(error)"])
        }
    }

    private static func read(_ path: FilePath, _ logger: Logger, isReadOnly: Bool) -> UsageLedger? {
        guard let bytes = try? AtomicFile.read(path) else { return nil }
        if let ledger = UsageLedger(record: bytes) { return ledger }
        path.setAside(logger, isReadOnly: isReadOnly)
        return nil
    }
}
