// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import Synchronization

/// The record of one load balancer during an ARCHIVE.
final class ItemProgress: Sendable {
    let id: Identifier
    let metered: MeteredProtocol
    private let store: Store?
    private let record: Mutex<ArchiveRecord>

    /// The storage of the record.
    struct Store: Sendable {
        let ledger: ProgressLedger.View
        /// Whether the ARCHIVE must fail if its record cannot be written, since its lines might be stored twice.
        let isRequired: Bool
        let logger: Logger
    }

    /// Reads the record.
    ///
    /// - Parameter store: The storage of the record; nil to keep it for this ARCHIVE only.
    /// - Throws: `ObjectStoreError` if it cannot be read and is required.
    init(_ item: ArchiveRequest.Item, in store: Store?) throws(ObjectStoreError) {
        id = item.id
        metered = item.protocol.metered
        self.store = store
        let key = ArchiveJournalKey(id: id, metered: metered)
        do throws(ObjectStoreError) {
            record = Mutex(try store?.ledger.read(key, store?.logger ?? Logger(label: "")) ?? ArchiveRecord())
        } catch {
            guard store?.isRequired == false else { throw error }
            store?.warn(error)
            record = Mutex(ArchiveRecord())
        }
    }

    /// The mark after the last stored line; nil for none.
    var mark: LogMark? { record.withLock { $0.mark } }

    /// Returns the uploads to the request's container whose results are unknown.
    func announcements(for request: ArchiveRequest) -> [ArchiveRecord.Announcement] {
        record.withLock { record in
            record.announcements.filter {
                $0.endpoint == request.endpoint.description && $0.path.container == request.basePath.container
            }
        }
    }

    /// Returns whether an announced object may hold lines that no other object has.
    func isPending(_ announcement: ArchiveRecord.Announcement) -> Bool {
        record.withLock { $0.announcements.contains { $0.upload == announcement.upload && $0.upTo != nil } }
    }

    /// Announces the next object, before any of it is sent.
    ///
    /// - Parameters:
    ///   - log: The prefix of the object's name.
    ///   - upTo: The mark after the object's last line, if its first line follows the record's mark.
    ///   - taken: The previous announcement, if another object has its name.
    func announce(
        _ request: ArchiveRequest,
        log: String,
        upTo: LogMark?,
        now: UTCTimestamp,
        insteadOf taken: ArchiveRecord.Announcement? = nil
    ) throws(ObjectStoreError) -> ArchiveRecord.Announcement {
        try change { record in
            if let taken { record.remove(taken.upload) }
            return record.announce(to: request.endpoint, upTo: upTo, now: now) { time in
                ObjectPath(basePath: request.basePath, loadBalancer: id, log: log, time: time)
            }
        }
    }

    /// Records that an object is stored: the next object starts after its lines.
    func confirm(_ announcement: ArchiveRecord.Announcement) throws(ObjectStoreError) {
        try change { record in
            if let upTo = announcement.upTo { record.mark = upTo }
            record.remove(announcement.upload)
        }
    }

    /// Records that an upload has left nothing in the store.
    func remove(_ announcement: ArchiveRecord.Announcement) throws(ObjectStoreError) {
        try change { $0.remove(announcement.upload) }
    }

    private func change<Result: Sendable>(
        _ body: (inout ArchiveRecord) -> Result
    ) throws(ObjectStoreError) -> Result {
        try record.withLock { record throws(ObjectStoreError) in
            let result = body(&record)
            guard let store else { return result }
            do throws(ObjectStoreError) {
                let key = ArchiveJournalKey(id: id, metered: metered)
                try store.ledger.write(record, for: key)
            } catch {
                guard !store.isRequired else { throw error }
                store.warn(error)
            }
            return result
        }
    }
}

extension ItemProgress.Store {
    fileprivate func warn(_ error: ObjectStoreError) {
        logger.warning(
            "archive state file unusable; segments of interrupted uploads may remain in the store",
            metadata: [LogKeys.error: "\(error.message)"]
        )
    }
}
