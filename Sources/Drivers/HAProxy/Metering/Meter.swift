// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// Reads the workers' counters into the ledger, on a thread of its own: a report never waits behind a change.
///
/// Every byte is counted unless a worker is killed, with which goes what it has sent since the last reading, or ends while
/// no agent runs. Under systemd, an old worker waits for the next agent (`WorkerHolds`).
actor Meter {
    typealias Worker = UsageLedger.Worker

    private let executor: ThreadExecutor
    let logger: Logger
    private let path: FilePath
    /// What was found last.
    nonisolated let view = MeterView()
    let oldWorkerLimits: OldWorkerLimits
    private let now: @Sendable () -> UTCTimestamp
    private var ledger: UsageLedger?
    /// What is on disk.
    private var written: UsageLedger?
    private var writeAfter = ContinuousClock.now
    /// The report that was asked for last, and how far each worker had been read for it.
    private var reported: (report: UsageReport, readings: [Worker: UsageLedger.Bytes])?
    var holds: WorkerHolds
    /// Since when each old worker has been one, as far as this agent has seen.
    var oldSince: [Worker: ContinuousClock.Instant] = [:]
    /// Workers that were asked what they keep.
    private var known: Set<Worker> = []
    /// How long a reading may take; METRICS waits for five seconds at most.
    private static let timeout = Duration.seconds(1)
    /// How often the ledger is written while only its numbers grow: all that is lost where the agent and HAProxy
    /// end together.
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

    /// Takes note of what is served from now on.
    func serve(_ set: LoadBalancerSet) {
        var ledger = ledger ?? UsageLedger(start: now())
        let before = ledger.served
        ledger.serve(Set(set.loadBalancers.map(\.protocol.metered)))
        self.ledger = ledger
        write(atOnce: written == nil || before != ledger.served)
    }

    /// Forgets everything, on disk too.
    ///
    /// - Throws: `DriverError` with the code `stateUnwritable`.
    func reset() throws(DriverError) {
        ledger = nil
        written = nil
        reported = nil
        holds.release { _ in true }
        do throws(FileError) { try AtomicFile.remove(path) } catch {
            throw DriverError(.stateUnwritable, error.description)
        }
    }

    /// Reads all workers, lets those end that have nothing left to send, and ends those that are too old or too many.
    ///
    /// - Returns: How long the next reading can wait.
    /// - Throws: `DriverError` where one that runs does not answer; the others were read.
    @discardableResult
    func read(writing atOnce: Bool = false) throws(DriverError) -> Duration {
        let old = try readWorkers(writing: atOnce)
        endSurplus(of: old)
        // An old worker that is held waits for this to let it end; another may end at any time.
        if !old.allSatisfy({ holds.isHeld($0) }) { return .milliseconds(100) }
        return old.isEmpty ? .seconds(1) : .milliseconds(500)
    }

    /// Reads all workers, and puts it on the disk: the current one is about to be an old one, whose end no agent may see.
    func readBeforeReload() {
        do throws(DriverError) { try read(writing: true) } catch {
            logger.warning("a worker's counters cannot be read", metadata: [LogKeys.error: "\(error)"])
        }
    }

    /// Reads all workers, and reports.
    ///
    /// - Throws: `DriverError` where a worker does not answer: what it has sent stays for the next report.
    /// - Parameter served: Gives what is served, or throws; a DELETE may just have been committed.
    func report(of served: @Sendable () throws(DriverError) -> LoadBalancerSet) throws(DriverError) -> UsageReport {
        let set = try served()
        // Right after a start, nothing is known yet.
        if ledger?.served.isEmpty ?? true { serve(set) }
        try readWorkers()
        let time = now()
        ledger?.settle(before: time)
        let report = (ledger ?? UsageLedger(start: time)).report(until: time)
        reported = (report, ledger?.readings ?? [:])
        return report
    }

    /// Takes note that a report was delivered.
    func commit(_ report: UsageReport) {
        guard ledger?.commit(report) == true else { return }
        write(atOnce: true)
        guard let reported, reported.report == report else { return }
        for (worker, bytes) in reported.readings {
            let reading = CommittedReading(of: report, bytes: bytes)
            for command in reading.commands { holds.tell(command, worker, by: .after(Self.timeout)) }
        }
    }

    /// Reads all workers, and lets those end that have nothing left to send.
    ///
    /// - Returns: The old ones that are still there.
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
        // By their numbers: the current worker may become an old one between two questions.
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
        // What a worker that ends now has sent is on the disk first: it cannot be asked again.
        write(atOnce: atOnce || haveEnded || !old.isEmpty)
        if ledger == written { letEnd(finished) }
        // One that has just ended is no failure.
        if let failure, failure.code != .notRunning { throw failure }
        return old.filter { !$0.hasEnded }
    }

    /// Asks workers that are seen for the first time how far their counters were reported.
    ///
    /// - Throws: `DriverError` where one does not answer, which then is not known and not read.
    private func adopt(_ workers: [Worker], _ deadline: Deadline) throws(DriverError) {
        var kept: [Worker: CommittedReading] = [:]
        var failure: DriverError?
        for worker in workers where !known.contains(worker) {
            do throws(DriverError) {
                kept[worker] = try CommittedReading { (command) throws(DriverError) -> String in
                    try holds.ask(command, worker, by: deadline)
                }
                known.insert(worker)
            } catch { failure = error }
        }
        ledger?.adopt(kept)
        if let failure { throw failure }
    }

    func record(_ worker: Worker, _ deadline: Deadline) throws(DriverError) {
        let answer = try holds.ask("show stat -1 1 -1", worker, by: deadline)
        guard let table = StatisticsTable(answer) else {
            throw DriverError(.unavailable, "HAProxy's worker \(worker.processID) gives no statistics")
        }
        var reading: UsageLedger.Bytes = [:]
        for metered in MeteredProtocol.allCases {
            let name = ProxyName(metered).frontend
            guard let row = table.rows.first(where: { $0["pxname"] == name }) else { continue }
            // What was put on the wire, to the byte; `bout` leaves out part of the head of each HTTP answer.
            reading[metered] = UInt64(metered == .http ? row["h1_bytes_out"] : row["bout"]) ?? UInt64(row["bout"])
        }
        if let added = ledger?.record(reading, of: worker) { view.add(added) }
    }

    /// Writes the ledger where anything in it is new.
    func write(atOnce: Bool) {
        guard let ledger, ledger != written, atOnce || writeAfter <= .now else { return }
        // Where the disk is full, the next reading tries again; the numbers are safe in the workers and in memory.
        writeAfter = .now + Self.writeInterval
        do throws(FileError) {
            try AtomicFile.write(ledger.record, to: path)
            written = ledger
        } catch {
            logger.warning("the usage cannot be written; trying again", metadata: [LogKeys.error: "\(error)"])
        }
    }

    private static func read(_ path: FilePath, _ logger: Logger, isReadOnly: Bool) -> UsageLedger? {
        guard let bytes = try? AtomicFile.read(path) else { return nil }
        if let ledger = UsageLedger(record: bytes) { return ledger }
        path.setAside(logger, isReadOnly: isReadOnly)
        return nil
    }
}
