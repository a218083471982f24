// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore

/// Uploads several objects while reading the log once.
struct UploadBatch: Sendable {
    /// The most objects uploaded at a time; more would exceed the memory limit.
    static let greatestCount = 8
    /// The number of names tried for one object, one second apart.
    private static let greatestNameCount = 60

    let store: any ObjectStore
    let compressor: any LogCompressor
    let threads: ArchiveThreads
    let request: ArchiveRequest
    let log: any OpenedLog
    let job: any JobContext
    let logger: Logger

    /// The results of a batch.
    struct Results: Sendable {
        /// The result of each object, in the order of the jobs.
        var objects: [Result<UploadedObject, UploadFailure>] = []
        /// The number of lines read, of any load balancer or none.
        var examinedLineCount: UInt64 = 0
    }

    /// Uploads the objects; each succeeds or fails independently of the others.
    ///
    /// - Parameter progress: Receives the number of bytes read from the log.
    func run(_ jobs: [ObjectJob], progress: @escaping @Sendable (UInt64) -> Void) async -> Results {
        var parts: [LogPart] = []
        let consumers = jobs.map { job in
            if let index = parts.firstIndex(of: job.part) { return index }
            parts.append(job.part)
            return parts.count - 1
        }
        let readers: [any TaskExecutor]
        let compressors: [any TaskExecutor]
        let senders: [any TaskExecutor]
        do throws(ObjectStoreError) {
            readers = try threads.make("archive-read", count: 1)
            compressors = try threads.make("archive-deflate", count: threads.compressors)
            senders = try threads.make("archive-send", count: jobs.count)
        } catch {
            return Results(objects: jobs.map { _ in .failure(UploadFailure(error: error, announcement: nil)) })
        }
        let pass = LogPass(parts: parts, consumers: consumers, compressor: compressor)
        let finished = await withTaskCancellationHandler {
            await withTaskGroup(of: Finished?.self) { group in
                for executor in readers {
                    group.addTask(executorPreference: executor) {
                        pass.read(log, isCancelled: { job.isCancelled }, progress: progress)
                        return nil
                    }
                }
                for executor in compressors {
                    group.addTask(executorPreference: executor) {
                        pass.compress()
                        return nil
                    }
                }
                for (index, executor) in senders.enumerated() {
                    group.addTask(executorPreference: executor) {
                        let result = await upload(jobs[index], as: index, of: pass)
                        pass.detach(index)
                        return Finished(index: index, result: result)
                    }
                }
                var finished: [Finished] = []
                for await result in group { if let result { finished.append(result) } }
                return finished
            }
        } onCancel: {
            pass.stop(.cancelledArchive)
        }
        return Results(
            objects: finished.sorted { $0.index < $1.index }.map(\.result),
            examinedLineCount: pass.examinedLineCount
        )
    }

    private struct Finished: Sendable {
        let index: Int
        let result: Result<UploadedObject, UploadFailure>
    }

    private func upload(
        _ object: ObjectJob,
        as consumer: Int,
        of pass: LogPass
    ) async -> Result<UploadedObject, UploadFailure> {
        let lineCount = LineCount()
        var announcement: ArchiveRecord.Announcement?
        var names = 0
        while true {
            names += 1
            do throws(ObjectStoreError) {
                let announced = try object.announce(announcement)
                announcement = announced
                let stored = try await store.put(upload(announced, of: object, lineCount, as: consumer, of: pass))
                log(announced.path, stored, lineCount.value)
                return .success(
                    UploadedObject(
                        announcement: announced,
                        byteCount: stored.byteCount,
                        lineCount: lineCount.value
                    )
                )
            } catch {
                guard error.code == .alreadyExists, object.takesNextName, names < Self.greatestNameCount else {
                    return .failure(UploadFailure(error: error, announcement: announcement))
                }
            }
        }
    }

    private func upload(
        _ announced: ArchiveRecord.Announcement,
        of object: ObjectJob,
        _ lineCount: LineCount,
        as consumer: Int,
        of pass: LogPass
    ) -> ObjectUpload {
        ObjectUpload(
            id: announced.upload,
            path: announced.path,
            endpoint: request.endpoint,
            credentials: request.credentials,
            byteEstimate: log.byteEstimate(of: object.part),
            isFresh: object.takesNextName
        ) { () throws(ObjectStoreError) in
            if pass.attach(consumer) { return SharedBody(pass, consumer: consumer, lineCount: lineCount) }
            return try OwnBody(object.part, of: log, compressor: compressor, lineCount: lineCount) { job.isCancelled }
        }
    }

    private func log(_ path: ObjectPath, _ stored: StoredObject, _ lineCount: UInt64?) {
        var metadata: Logger.Metadata = [
            LogKeys.objectPath: "\(Excerpt.line(path.description))",
            LogKeys.objectBytes: "\(stored.byteCount)",
        ]
        if let lineCount { metadata[LogKeys.objectLines] = "\(lineCount)" }
        if !stored.md5.isEmpty { metadata[LogKeys.objectMD5] = "\(stored.md5)" }
        logger.info(stored.wasFound ? "archive already in the object store" : "archived", metadata: metadata)
    }
}
