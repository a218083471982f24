// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// Reads the workers' counters into the ledger, on a thread of its own: a report never waits behind a change.
actor Meter {
    private let executor: ThreadExecutor
    private let service: any HAProxyService
    private let path: FilePath
    private let logger: Logger
    private let now: @Sendable () -> UTCTimestamp
    private var ledger: UsageLedger?
    /// What is on disk.
    private var written: UsageLedger?
    private var writeAfter = ContinuousClock.now
    /// How long a reading may take: METRICS is asked for with a patience of five seconds.
    private static let patience = Duration.seconds(1)
    /// How often the ledger is written while only its numbers grow: all that is lost where the agent and HAProxy
    /// end together.
    private static let writeInterval = Duration.seconds(10)

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    init(
        _ service: any HAProxyService,
        _ path: FilePath,
        _ logger: Logger,
        now: @escaping @Sendable () -> UTCTimestamp = { .now }
    ) throws(ThreadError) {
        executor = try ThreadExecutor(name: "haproxy-meter")
        self.service = service
        self.path = path
        self.logger = logger
        self.now = now
        ledger = Self.read(path, logger)
        written = ledger
    }

    /// Takes note of what is served from now on.
    func serve(_ set: LoadBalancerSet) {
        var ledger = ledger ?? UsageLedger(start: now())
        ledger.serve(Set(set.loadBalancers.map(\.protocol.metered)))
        self.ledger = ledger
        write(atOnce: true)
    }

    /// Forgets everything, on disk too.
    ///
    /// - Throws: `DriverError` with the code `stateUnwritable`.
    func reset() throws(DriverError) {
        ledger = nil
        written = nil
        do throws(FileError) { try AtomicFile.remove(path) } catch {
            throw DriverError(.stateUnwritable, error.description)
        }
    }

    /// Reads all workers.
    ///
    /// - Returns: Whether there are workers that will soon be gone.
    /// - Throws: `DriverError` where one that runs does not answer; the others were read.
    @discardableResult
    func read(writing atOnce: Bool = false) throws(DriverError) -> Bool {
        guard ledger != nil else { return false }
        let deadline = Deadline.after(Self.patience)
        let table = try service.processes(by: deadline)
        var failure: DriverError?
        // By their numbers: the current worker may become an old one between two questions.
        for worker in (table?.oldWorkers ?? []) + [table?.worker].compactMap(\.self) {
            do throws(DriverError) { try record(worker, deadline) } catch { failure = error }
        }
        let haveEnded = ledger?.forget { ProcessHandle.startTime(of: $0.processID) != $0.startTime } ?? false
        write(atOnce: atOnce || haveEnded)
        // One that has just ended is no failure.
        if let failure, failure.code != .notRunning { throw failure }
        return table?.oldWorkers.isEmpty == false
    }

    /// Reads all workers, and reports.
    ///
    /// - Throws: `DriverError` where a worker does not answer: what it has sent stays for the next report.
    func report() throws(DriverError) -> UsageReport {
        try read()
        let time = now()
        return (ledger ?? UsageLedger(start: time)).report(until: time)
    }

    /// Takes note that a report was delivered.
    func commit(_ report: UsageReport) {
        guard ledger?.commit(report) == true else { return }
        write(atOnce: true)
    }

    private func record(_ processID: Int32, _ deadline: Deadline) throws(DriverError) {
        guard let startTime = ProcessHandle.startTime(of: processID) else { return }
        let answer = try service.ask("show stat -1 1 -1", worker: processID, by: deadline)
        guard let table = StatisticsTable(answer) else { return }
        var reading: UsageLedger.Bytes = [:]
        for metered in MeteredProtocol.allCases {
            let name = ProxyName(metered).frontend
            guard let row = table.rows.first(where: { $0["pxname"] == name }) else { continue }
            // What was put on the wire, to the byte; `bout` leaves out part of the head of each HTTP answer.
            reading[metered] = UInt64(metered == .http ? row["h1_bytes_out"] : row["bout"]) ?? UInt64(row["bout"])
        }
        ledger?.record(reading, of: UsageLedger.Worker(processID: processID, startTime: startTime))
    }

    private func write(atOnce: Bool) {
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

    private static func read(_ path: FilePath, _ logger: Logger) -> UsageLedger? {
        guard let bytes = try? AtomicFile.read(path) else { return nil }
        if let ledger = UsageLedger(record: bytes) { return ledger }
        path.setAside(logger)
        return nil
    }
}
