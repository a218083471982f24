// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Logging
package import SteelyardCore
import SystemPackage

/// Archives logs to an object store: the lines of each load balancer go, compressed, to an object of their own.
package struct ObjectStoreArchiver: LogArchiver {
    /// Returns the store for a type; tests return the same one for all types.
    private let store: @Sendable (String) -> (any ObjectStore)?
    private let logName: String
    private let compressor: any LogCompressor
    private let threads: ArchiveThreads
    private let allowedEndpoints: [AllowedEndpoint]
    private let mode: ArchiveSettings.Mode
    private var ledger: ProgressLedger?
    private let now: @Sendable () -> UTCTimestamp
    /// Runs one ARCHIVE at a time: two at once need twice the memory and finish no sooner.
    private var turns = SerialGate()

    /// Creates an archiver.
    package init(_ settings: ArchiveSettings, _ context: ArchiverContext) {
        self.init(
            store: { [stores = context.stores, isDryRun = context.isDryRun] type in
                stores[type].map { isDryRun ? DryRunObjectStore(insteadOf: $0) : $0 }
            },
            logName: context.logName,
            compressor: DeflateCompressor(level: settings.compressionLevel),
            threads: .dedicated,
            allowedEndpoints: settings.endpoints,
            mode: settings.mode,
            journal: context.stateDirectory.map {
                FileArchiveJournal(FilePath($0).appending("archived"), isReadOnly: context.isDryRun)
            }
        )
    }

    package init(
        store: @escaping @Sendable (String) -> (any ObjectStore)?,
        logName: String,
        compressor: any LogCompressor,
        threads: ArchiveThreads,
        allowedEndpoints: [AllowedEndpoint] = [],
        mode: ArchiveSettings.Mode = .full,
        journal: (any ArchiveJournal)? = nil,
        now: @escaping @Sendable () -> UTCTimestamp = { .now }
    ) {
        self.store = store
        self.logName = logName
        self.compressor = compressor
        self.threads = threads
        self.allowedEndpoints = allowedEndpoints
        self.mode = mode
        ledger = journal.map { ProgressLedger($0) }
        self.now = now
    }

    /// Returns this archiver, sharing its queue with the archiver that it replaces.
    package func replacing(_ other: any LogArchiver) -> any LogArchiver {
        guard let other = other as? ObjectStoreArchiver else { return self }
        var archiver = self
        archiver.turns = other.turns
        // A DELETE must also reach an ARCHIVE that the other archiver is running.
        if ledger != nil, let shared = other.ledger { archiver.ledger = shared }
        return archiver
    }

    /// Archives the logs, reading the log once for all load balancers.
    package func archive(
        _ request: ArchiveRequest,
        job: any JobContext,
        logger: Logger,
        openLog: @escaping @Sendable () async throws(DriverError) -> any OpenedLog
    ) async -> ArchiveOutcome {
        do throws(ObjectStoreError) {
            try checkAllowed(request.endpoint)
            guard let store = store(request.store) else {
                throw ObjectStoreError(.unsupported, "unsupported object store type \(request.store)")
            }
            try store.check(
                container: request.basePath.container,
                at: request.endpoint,
                credentials: request.credentials
            )
            return await withTaskExecutorPreference(try threads.make("archive")) {
                await archiveOnOwnThread(request, to: store, job, logger, openLog)
            }
        } catch { return ArchiveOutcome(failure: .store(error)) }
    }

    @concurrent
    private func archiveOnOwnThread(
        _ request: ArchiveRequest,
        to store: any ObjectStore,
        _ job: any JobContext,
        _ logger: Logger,
        _ openLog: @Sendable () async throws(DriverError) -> any OpenedLog
    ) async -> ArchiveOutcome {
        // Before the log is opened: an ARCHIVE must not record anything that a later DELETE removes.
        let progress = ledger.map { ProgressLedger.View($0) }
        do throws(DriverError) {
            // The place is taken before the log is opened: a later ARCHIVE has a later end of the log. In another order, the
            // record would go back to the earlier end, and the next ARCHIVE would send the lines in between again.
            return try await turns.withTurn(preparing: openLog) { log throws(DriverError) in
                try log.prepare()
                let batch = UploadBatch(
                    store: store,
                    compressor: compressor,
                    threads: threads,
                    request: request,
                    log: log,
                    job: job,
                    logger: logger
                )
                let run = ArchiveRun(
                    batch: batch,
                    logName: logName,
                    ledger: progress,
                    isIncremental: mode == .incremental,
                    now: now()
                )
                return await run.run()
            }
        } catch { return ArchiveOutcome(failure: .log(error)) }
    }

    private func checkAllowed(_ endpoint: StorageEndpoint) throws(ObjectStoreError) {
        guard allowedEndpoints.isEmpty || endpoint.isAllowed(by: allowedEndpoints) else {
            throw ObjectStoreError(
                .forbidden,
                "hpcs_object_store_endpoint \(endpoint.authority) is not in this device's archive.endpoints"
            )
        }
    }

    /// Removes all archive records, because the load balancers are deleted.
    ///
    /// - Throws: `DriverError` with the code `stateUnwritable`.
    package func forget() throws(DriverError) {
        do throws(ArchiveJournalError) { try ledger?.removeAll() } catch {
            throw DriverError(.stateUnwritable, error.description)
        }
    }
}
