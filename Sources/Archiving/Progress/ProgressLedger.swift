// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import Synchronization

/// The records of all load balancers, as archives read and write them.
final class ProgressLedger: Sendable {
    private let journal: any ArchiveJournal
    /// Grows with every DELETE: an archive that began before one notes nothing afterwards.
    private let generation = Mutex(0)

    init(_ journal: any ArchiveJournal) { self.journal = journal }

    var currentGeneration: Int { generation.withLock { $0 } }

    /// Reads a record; a file that cannot be decoded is renamed, and all lines are then archived again.
    func read(_ key: ArchiveJournalKey, _ logger: Logger) throws(ObjectStoreError) -> ArchiveRecord {
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

    /// Writes a record, unless a DELETE has come since the generation.
    func write(
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
