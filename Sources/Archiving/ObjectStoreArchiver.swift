// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import Logging
public import SteelyardCore
public import SystemPackage

/// Ships logs to an object store: the lines of each load balancer, compressed on the way, to an object of its own.
public struct ObjectStoreArchiver: LogArchiver {
    /// What an ARCHIVE takes of the log.
    public enum Mode: String, Hashable, Sendable, CaseIterable {
        /// All that the log has.
        case full
        /// What no ARCHIVE has taken before.
        case incremental
    }

    private let store: any ObjectStore
    private let compressor: any LogCompressor
    private let threads: ArchiveThreads
    private let allowedEndpoints: [AllowedEndpoint]
    private let mode: Mode
    private var ledger: ProgressLedger?
    private let now: @Sendable () -> UTCTimestamp
    /// One ARCHIVE at a time: two would take twice the memory, and end no sooner.
    private var turns = SerialGate()

    /// Creates an archiver.
    ///
    /// - Parameters:
    ///   - store: Where the objects go.
    ///   - compressionLevel: 1, the fastest, to 12, the smallest result.
    ///   - allowedEndpoints: The only endpoints that may be sent to; empty for all.
    ///   - mode: What an ARCHIVE takes of the log.
    ///   - stateDirectory: Where it is noted what has been archived; nil to note nothing, for an archive in full beside a
    ///     running agent.
    ///   - isDryRun: Whether to leave the notes as they are.
    public init(
        store: any ObjectStore,
        compressionLevel: Int = 6,
        allowedEndpoints: [AllowedEndpoint] = [],
        mode: Mode = .full,
        stateDirectory: FilePath?,
        isDryRun: Bool = false
    ) {
        self.init(
            store: store,
            compressor: DeflateCompressor(level: compressionLevel),
            threads: .dedicated,
            allowedEndpoints: allowedEndpoints,
            mode: mode,
            journal: stateDirectory.map { FileArchiveJournal($0.appending("archived"), isReadOnly: isDryRun) }
        )
    }

    package init(
        store: any ObjectStore,
        compressor: any LogCompressor,
        threads: ArchiveThreads,
        allowedEndpoints: [AllowedEndpoint] = [],
        mode: Mode = .full,
        journal: (any ArchiveJournal)? = nil,
        now: @escaping @Sendable () -> UTCTimestamp = { .now }
    ) {
        self.store = store
        self.compressor = compressor
        self.threads = threads
        self.allowedEndpoints = allowedEndpoints
        self.mode = mode
        ledger = journal.map { ProgressLedger($0) }
        self.now = now
    }

    /// The same archiver, which takes turns with the one that it replaces.
    public func replacing(_ other: any LogArchiver) -> any LogArchiver {
        guard let other = other as? ObjectStoreArchiver else { return self }
        var archiver = self
        archiver.turns = other.turns
        // A DELETE must also reach an ARCHIVE that the other one has in hand.
        if ledger != nil, let shared = other.ledger { archiver.ledger = shared }
        return archiver
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
                await archiveOnOwnThread(request, job, logger, openLog)
            }
        } catch { return ArchiveOutcome(failure: .store(error)) }
    }

    @concurrent
    private func archiveOnOwnThread(
        _ request: ArchiveRequest,
        _ job: any JobContext,
        _ logger: Logger,
        _ openLog: @Sendable () async throws(DriverError) -> any OpenedLog
    ) async -> ArchiveOutcome {
        // Before the log is opened: what a DELETE that comes afterwards forgets must not be noted again.
        let progress = ledger.map { ProgressLedger.View($0) }
        let log: any OpenedLog
        do throws(DriverError) { log = try await openLog() } catch { return ArchiveOutcome(failure: .log(error)) }
        return await turns.withTurn {
            do throws(DriverError) { try log.prepare() } catch { return ArchiveOutcome(failure: .log(error)) }
            let batch = UploadBatch(
                store: store,
                compressor: compressor,
                threads: threads,
                request: request,
                log: log,
                job: job,
                logger: logger
            )
            let run = ArchiveRun(batch: batch, ledger: progress, isIncremental: mode == .incremental, now: now())
            return await run.run()
        }
    }

    private func checkAllowed(_ endpoint: StorageEndpoint) throws(ObjectStoreError) {
        guard allowedEndpoints.isEmpty || endpoint.isAllowed(by: allowedEndpoints) else {
            throw ObjectStoreError(
                .forbidden,
                "hpcs_object_store_endpoint \(endpoint.authority) is not in this device's archive.endpoints"
            )
        }
    }

    /// Forgets what has been archived, because the load balancers are deleted.
    ///
    /// - Throws: `DriverError` with the code `stateUnwritable`.
    public func forget() throws(DriverError) {
        do throws(ArchiveJournalError) { try ledger?.removeAll() } catch {
            throw DriverError(.stateUnwritable, error.description)
        }
    }
}
