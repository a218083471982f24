// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import Synchronization

/// Runs one ARCHIVE request.
final class ArchiveRun: Sendable {
    private struct Entry: Sendable {
        let progress: ItemProgress
        var objects: [ArchivedObject] = []
        var error: ObjectStoreError?
    }

    let batch: UploadBatch
    /// The prefix of the objects' names.
    let logName: String
    /// Records what has been archived; nil to record nothing.
    let ledger: ProgressLedger.View?
    /// Whether to archive only lines that no earlier ARCHIVE has archived.
    let isIncremental: Bool
    let now: UTCTimestamp
    /// The total bytes of log to read for all new objects.
    private let total: UInt64
    private let examinedLineCount = Mutex<UInt64>(0)

    init(batch: UploadBatch, logName: String, ledger: ProgressLedger.View?, isIncremental: Bool, now: UTCTimestamp) {
        self.batch = batch
        self.logName = logName
        self.ledger = ledger
        self.isIncremental = isIncremental
        self.now = now
        let count = UploadBatch.greatestCount
        total = batch.log.byteCount * UInt64((batch.request.items.count + count - 1) / count)
    }

    private var request: ArchiveRequest { batch.request }

    func run() async -> ArchiveOutcome {
        guard !batch.job.isCancelled else { return outcome(error: .cancelledArchive) }
        guard !isIncremental || batch.log.end != nil else {
            return outcome(
                error: ObjectStoreError(.sourceFailed, "driver cannot archive incrementally; set archive.mode to full")
            )
        }
        var entries: [Entry] = []
        do throws(ObjectStoreError) { entries = try makeEntries() } catch { return outcome(error: error) }
        let interrupted = entries.map { $0.progress.announcements(for: request) }
        if isIncremental { await recover(&entries) }
        await store(&entries)
        // Last, so that a failure does not delay new lines; a resumed upload also needs its segments.
        await removeRemains(of: interrupted, entries)
        if entries.allSatisfy({ $0.error == nil }) { batch.job.report(progress: total, of: total) }
        return outcome(entries.flatMap(\.objects), error: entries.lazy.compactMap(\.error).first)
    }

    private func makeEntries() throws(ObjectStoreError) -> [Entry] {
        let store = ledger.map { ledger in
            ItemProgress.Store(
                ledger: ledger,
                isRequired: isIncremental,
                logger: batch.logger
            )
        }
        var entries: [Entry] = []
        for item in request.items { entries.append(Entry(progress: try ItemProgress(item, in: store))) }
        return entries
    }

    private func outcome(_ objects: [ArchivedObject] = [], error: ObjectStoreError?) -> ArchiveOutcome {
        let examined = examinedLineCount.withLock { $0 }
        return ArchiveOutcome(
            objects: objects,
            leftOut: batch.log.leftOut,
            examinedLineCount: examined > 0 ? examined : nil,
            failure: error.map { .store($0.code == .cancelled ? reworded($0) : $0) }
        )
    }

    /// Replaces the error of a cancelled job by the job's own reason.
    private func reworded(_ error: ObjectStoreError) -> ObjectStoreError {
        ObjectStoreError(.cancelled, batch.job.cancellationMessage, mayBeStored: error.mayBeStored)
    }

    // MARK: - Interrupted uploads

    /// Removes the segments that killed agents left in this container.
    ///
    /// A stored object is kept, with its segments.
    private func removeRemains(of interrupted: [[ArchiveRecord.Announcement]], _ entries: [Entry]) async {
        for (entry, announcements) in zip(entries, interrupted) {
            for announcement in announcements where !batch.job.isCancelled {
                let upload = AbandonedUpload(id: announcement.upload, path: announcement.path)
                do throws(ObjectStoreError) {
                    try await batch.store.removeRemains(
                        of: upload,
                        at: request.endpoint,
                        credentials: request.credentials
                    )
                    // A pending upload is resumed, not removed: it may hold lines that no other object has.
                    guard !isIncremental || !entry.progress.isPending(announcement) else { continue }
                    if isIncremental || announcement.upTo == nil { try entry.progress.remove(announcement) }
                } catch {
                    batch.logger.warning(
                        "segments of an interrupted upload could not be removed; the next ARCHIVE tries again",
                        metadata: [
                            LogKeys.objectPath: "\(Excerpt.line(announcement.path.description))",
                            LogKeys.error: "\(error.message)",
                        ]
                    )
                    if [.unavailable, .timedOut, .untrusted].contains(error.code) { return }
                }
            }
        }
    }

    /// Resumes uploads that were announced but never confirmed.
    private func recover(_ entries: inout [Entry]) async {
        var jobs: [ObjectJob] = []
        var places: [Int] = []
        for (index, entry) in entries.enumerated() {
            // An upload to another container starts again: this request's credentials cannot query the other one.
            guard let announcement = entry.progress.announcements(for: request).last(where: { $0.upTo != nil }) else {
                continue
            }
            let part = LogPart(
                entry.progress.proxyKind,
                of: entry.progress.id,
                after: entry.progress.mark,
                upTo: announcement.upTo
            )
            jobs.append(
                ObjectJob(
                    id: entry.progress.id,
                    part: part,
                    announce: { (_) throws(ObjectStoreError) in announcement },
                    takesNextName: false
                )
            )
            places.append(index)
        }
        for ((index, job), result) in zip(zip(places, jobs), await upload(jobs, progress: { _ in })) {
            switch result {
            case .success(let object): await note(object, job, in: &entries[index])
            case .failure(let failure) where failure.error.code == .alreadyExists:
                guard failure.announcement?.isIdentifiable == true else {
                    takeForOwn(failure.announcement, in: &entries[index])
                    continue
                }
                batch.logger.warning(
                    "object name already used by another program; archiving under another name",
                    metadata: [
                        LogKeys.objectPath: "\(Excerpt.line(failure.announcement?.path.description ?? ""))"
                    ]
                )
            case .failure(let failure): entries[index].error = failure.error
            }
        }
    }

    /// Counts an object announced by an earlier version of the agent as our own: that version overwrote nothing.
    private func takeForOwn(_ announcement: ArchiveRecord.Announcement?, in entry: inout Entry) {
        guard let announcement else { return }
        batch.logger.warning(
            "found an object announced by an earlier agent version; its lines count as archived",
            metadata: [LogKeys.objectPath: "\(Excerpt.line(announcement.path.description))"]
        )
        do throws(ObjectStoreError) { try entry.progress.confirm(announcement) } catch { entry.error = error }
    }

    // MARK: - New objects

    private func store(_ entries: inout [Entry]) async {
        let end = isIncremental ? batch.log.end : nil
        var jobs: [ObjectJob] = []
        var places: [Int] = []
        for (index, entry) in entries.enumerated() where entry.error == nil {
            let progress = entry.progress
            jobs.append(
                ObjectJob(
                    id: progress.id,
                    part: LogPart(
                        progress.proxyKind,
                        of: progress.id,
                        after: isIncremental ? progress.mark : nil,
                        upTo: end
                    ),
                    announce: { [request, logName, now] taken throws(ObjectStoreError) in
                        try progress.announce(request, log: logName, upTo: end, now: now, insteadOf: taken)
                    },
                    takesNextName: true
                )
            )
            places.append(index)
        }
        for ((index, job), result) in zip(zip(places, jobs), await upload(jobs, progress: reportProgress)) {
            switch result {
            case .success(let object): await note(object, job, in: &entries[index])
            case .failure(let failure):
                entries[index].error = failure.error
                // An object that may be stored, or may have left segments, stays announced.
                guard let announcement = failure.announcement, !failure.error.mayBeStored else { continue }
                do throws(ObjectStoreError) { try entries[index].progress.remove(announcement) } catch {
                    batch.logger.error("archive state file not written", metadata: [LogKeys.error: "\(error.message)"])
                }
            }
        }
    }

    /// Records that an object is stored.
    private func note(_ object: UploadedObject, _ job: ObjectJob, in entry: inout Entry) async {
        let lineCount: UInt64? = if let known = object.lineCount { known } else { await countLines(object, job) }
        entry.objects.append(
            ArchivedObject(
                id: job.id,
                path: object.announcement.path,
                lineCount: lineCount,
                byteCount: object.byteCount
            )
        )
        do throws(ObjectStoreError) { try entry.progress.confirm(object.announcement) } catch { entry.error = error }
    }

    /// Counts the lines of an object that an earlier ARCHIVE stored.
    ///
    /// - Returns: nil if the log no longer has these lines: the same range no longer yields the same number of bytes.
    private func countLines(_ object: UploadedObject, _ job: ObjectJob) async -> UInt64? {
        let dryRun = UploadBatch(
            store: DryRunObjectStore(),
            compressor: batch.compressor,
            threads: batch.threads,
            request: request,
            log: batch.log,
            job: batch.job,
            logger: Logger(label: "") { _ in SwiftLogNoOpLogHandler() }
        )
        let again = ObjectJob(
            id: job.id,
            part: job.part,
            announce: { (_) throws(ObjectStoreError) in object.announcement },
            takesNextName: false
        )
        let made = await dryRun.run([again], progress: { _ in }).objects.first
        guard case .success(let made)? = made else { return nil }
        return made.byteCount == object.byteCount ? made.lineCount : nil
    }

    /// Uploads objects, in batches of at most ``UploadBatch/greatestCount``.
    private func upload(
        _ jobs: [ObjectJob],
        progress: @escaping @Sendable (UInt64) -> Void
    ) async -> [Result<UploadedObject, UploadFailure>] {
        let starts = stride(from: 0, to: jobs.count, by: UploadBatch.greatestCount)
        var results: [Result<UploadedObject, UploadFailure>] = []
        for (number, start) in starts.enumerated() {
            let base = batch.log.byteCount * UInt64(number)
            let some = Array(jobs[start..<min(start + UploadBatch.greatestCount, jobs.count)])
            let round = await batch.run(some) { progress(base + $0) }
            examinedLineCount.withLock { $0 = max($0, round.examinedLineCount) }
            results += round.objects
        }
        return results
    }

    /// Reading ends before the upload does: 100 % is reported once the store has confirmed all objects.
    private func reportProgress(_ position: UInt64) {
        batch.job.report(progress: min(position, total - total / 100), of: total)
    }
}
