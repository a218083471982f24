// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import Synchronization

/// The records of all load balancers, shared by all ARCHIVEs.
final class ProgressLedger: Sendable {
    private let journal: any ArchiveJournal
    /// Incremented by each DELETE: an ARCHIVE that started before it records nothing afterwards.
    private let generation = Mutex(0)

    init(_ journal: any ArchiveJournal) { self.journal = journal }

    /// The records as one ARCHIVE reads and writes them, valid until the next DELETE.
    struct View: Sendable {
        fileprivate let ledger: ProgressLedger
        fileprivate let generation: Int

        init(_ ledger: ProgressLedger) {
            self.ledger = ledger
            generation = ledger.generation.withLock { $0 }
        }

        /// Reads a record; after a DELETE, it is empty.
        func read(_ key: ArchiveJournalKey, _ logger: Logger) throws(ObjectStoreError) -> ArchiveRecord {
            guard ledger.generation.withLock({ $0 == generation }) else { return ArchiveRecord() }
            return try ledger.read(key, logger)
        }

        /// Writes a record, unless there was a DELETE.
        func write(_ record: ArchiveRecord, for key: ArchiveJournalKey) throws(ObjectStoreError) {
            try ledger.write(record, for: key, of: generation)
        }
    }

    /// Reads a record; if the file cannot be decoded, it is renamed and all lines are archived again.
    private func read(_ key: ArchiveJournalKey, _ logger: Logger) throws(ObjectStoreError) -> ArchiveRecord {
        do throws(ArchiveJournalError) {
            guard let bytes = try journal.read(key) else { return ArchiveRecord() }
            if let record = ArchiveRecord(bytes) { return record }
        } catch { throw ObjectStoreError(.sourceFailed, error.description) }
        journal.setAside(key)
        logger.error(
            "archive state file is corrupt or not written by Steelyard; renamed, archiving all lines again",
            metadata: [LogKeys.loadBalancer: "\(key.id)"]
        )
        return ArchiveRecord()
    }

    /// Writes a record, unless there was a DELETE since the generation.
    private func write(
        _ record: ArchiveRecord,
        for key: ArchiveJournalKey,
        of generation: Int
    ) throws(ObjectStoreError) {
        do throws(ArchiveJournalError) {
            try self.generation.withLock { current throws(ArchiveJournalError) in
                guard current == generation else { return }
                try journal.write(record.bytes, for: key)
            }
        } catch { throw ObjectStoreError(.sourceFailed, error.description) }
    }

    /// Removes all records.
    func removeAll() throws(ArchiveJournalError) {
        try generation.withLock { generation throws(ArchiveJournalError) in
            generation += 1
            try journal.removeAll()
        }
    }
}
