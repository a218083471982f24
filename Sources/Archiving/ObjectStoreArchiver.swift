// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import Logging
public import SteelyardCore

/// Ships logs: the lines of each load balancer of an ARCHIVE, compressed on the way, to an object of its own.
public struct ObjectStoreArchiver: LogArchiver {
    private let store: any ObjectStore
    private let compressor: any LogCompressor
    private let threads: ArchiveThreads
    private let allowedEndpoints: [String]
    private var ledger: ArchiveLedger?
    private let now: @Sendable () -> UTCTimestamp
    /// One ARCHIVE at a time: two would take twice the memory, and be no sooner done together.
    private var turns = SerialGate()

    /// Creates an archiver.
    ///
    /// - Parameters:
    ///   - store: Where the objects go.
    ///   - compressor: What compresses them.
    ///   - threads: The threads to do it on.
    ///   - allowedEndpoints: Where not empty, the only hosts (`HOST` or `HOST:PORT`) that may be sent to.
    ///   - journal: Where it is kept what has been archived, so that only what is new is; nil to archive all each time.
    ///   - now: The clock, for the objects' names.
    public init(
        store: any ObjectStore,
        compressor: any LogCompressor,
        threads: ArchiveThreads,
        allowedEndpoints: [String] = [],
        journal: (any ArchiveJournal)? = nil,
        now: @escaping @Sendable () -> UTCTimestamp = { .now }
    ) {
        self.store = store
        self.compressor = compressor
        self.threads = threads
        self.allowedEndpoints = allowedEndpoints
        ledger = journal.map { ArchiveLedger($0) }
        self.now = now
    }

    /// The same archiver, which takes turns with another one, whose place it takes.
    public func replacing(_ other: any LogArchiver) -> any LogArchiver {
        guard let other = other as? ObjectStoreArchiver else { return self }
        var archiver = self
        archiver.turns = other.turns
        // A DELETE must also reach an ARCHIVE that the other has in hand.
        if ledger != nil, let shared = other.ledger { archiver.ledger = shared }
        return archiver
    }

    /// Says whether an ARCHIVE may go where it wants to.
    ///
    /// - Throws: `ObjectStoreError` with the code `forbidden`.
    func checkAllowed(_ endpoint: StorageEndpoint) throws(ObjectStoreError) {
        guard allowedEndpoints.isEmpty || endpoint.isAllowed(by: allowedEndpoints) else {
            throw ObjectStoreError(
                .forbidden,
                "hpcs_object_store_endpoint \(endpoint.authority) is not in this device's archive.endpoints"
            )
        }
    }

    /// Ships the logs, in one reading for all load balancers.
    public func archive(
        _ request: ArchiveRequest,
        job: any JobContext,
        logger: Logger,
        openLog: @escaping @Sendable () async throws(DriverError) -> any OpenedLog
    ) async -> ArchiveOutcome {
        do throws(ObjectStoreError) {
            try checkAllowed(request.endpoint)
            return await withTaskExecutorPreference(try threads.make("archive")) {
                await archiveOnThisThread(request, job, logger, openLog)
            }
        } catch { return ArchiveOutcome(failure: .store(error)) }
    }

    @concurrent
    private func archiveOnThisThread(
        _ request: ArchiveRequest,
        _ job: any JobContext,
        _ logger: Logger,
        _ openLog: @Sendable () async throws(DriverError) -> any OpenedLog
    ) async -> ArchiveOutcome {
        do throws(DriverError) {
            return await archive(request, log: try await openLog(), job: job, logger: logger)
        } catch { return ArchiveOutcome(failure: .log(error)) }
    }

    private func archive(
        _ request: ArchiveRequest,
        log: any OpenedLog,
        job: any JobContext,
        logger: Logger
    ) async -> ArchiveOutcome {
        await turns.withTurn {
            guard !job.isCancelled else { return ArchiveOutcome(failure: .store(.stopping)) }
            let shipment = Shipment(
                store: store,
                compressor: compressor,
                threads: threads,
                endpoint: request.endpoint,
                token: request.token,
                job: job,
                logger: logger
            )
            if let ledger {
                return await IncrementalArchive(
                    ledger: ledger,
                    shipment: shipment,
                    request: request,
                    log: log,
                    now: now()
                ) { await ship($0, by: $1, from: log, job) }.run()
            }
            let time = now()
            let orders = request.items.map { item in
                Shipment.Order(
                    id: item.id,
                    path: ObjectPath(basePath: request.basePath, loadBalancer: item.id, time: time),
                    part: LogPart(item.protocol.metered)
                )
            }
            return ArchiveOutcome(await ship(orders, by: shipment, from: log, job))
        }
    }

    /// Forgets what has been archived, because the load balancers are deleted.
    ///
    /// - Throws: `DriverError` with the code `stateUnwritable`.
    public func forget() throws(DriverError) {
        do throws(ArchiveJournalError) { try ledger?.reset() } catch {
            throw DriverError(.stateUnwritable, error.description)
        }
    }

    /// Makes the objects, as many at a time as may be.
    private func ship(
        _ orders: [Shipment.Order],
        by shipment: Shipment,
        from log: any OpenedLog,
        _ job: any JobContext
    ) async -> [Result<ArchivedObject, ObjectStoreError>] {
        let starts = Array(stride(from: 0, to: orders.count, by: Shipment.largest))
        let total = log.byteCount * UInt64(starts.count)
        var results: [Result<ArchivedObject, ObjectStoreError>] = []
        for (round, start) in starts.enumerated() {
            let base = log.byteCount * UInt64(round)
            let some = Array(orders[start..<min(start + Shipment.largest, orders.count)])
            results += await shipment.ship(some, from: log) { job.report(progress: base + $0, of: total) }
        }
        job.report(progress: total, of: total)
        return results
    }
}
