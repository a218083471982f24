// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import Synchronization

/// Makes some objects in one reading of the log: everything between the opened log and the store.
struct Shipment: Sendable {
    /// One object that is to be made.
    struct Order: Sendable {
        let id: Identifier
        let path: ObjectPath
        let part: LogPart
        var upload = UploadID()
    }

    /// The objects that are made at a time; more would need more memory than there is.
    static let largest = 8

    var store: any ObjectStore
    let compressor: any LogCompressor
    let threads: ArchiveThreads
    let endpoint: StorageEndpoint
    let token: StorageToken
    let job: any JobContext
    let logger: Logger

    /// The same, with nothing stored.
    var asDryRun: Shipment {
        var shipment = self
        shipment.store = DryRunObjectStore()
        return shipment
    }

    /// Makes the objects; each is made, or not, whatever becomes of the others.
    ///
    /// - Parameter progress: Takes how many bytes of the log have been read.
    /// - Returns: What became of each, in the order of the orders.
    func ship(
        _ orders: [Order],
        from log: any OpenedLog,
        progress: @escaping @Sendable (UInt64) -> Void
    ) async -> [Result<ArchivedObject, ObjectStoreError>] {
        var parts: [LogPart] = []
        let items = orders.map { order in
            if let index = parts.firstIndex(of: order.part) { return index }
            parts.append(order.part)
            return parts.count - 1
        }
        let readers: [any TaskExecutor]
        let compressors: [any TaskExecutor]
        let senders: [any TaskExecutor]
        do throws(ObjectStoreError) {
            readers = try threads.make("archive-read", count: 1)
            compressors = try threads.make("archive-deflate", count: threads.compressors)
            senders = try threads.make("archive-send", count: orders.count)
        } catch {
            return orders.map { _ in .failure(error) }
        }
        let pass = ArchivePass(parts: parts, items: items, compressor: compressor)
        let job = job
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
                    let (order, part) = (orders[index], items[index])
                    group.addTask(executorPreference: executor) {
                        let result = await send(order, as: index, of: pass, part: part, from: log)
                        pass.leave(index, forEver: true)
                        return Finished(index: index, result: result)
                    }
                }
                var finished: [Finished] = []
                for await result in group { if let result { finished.append(result) } }
                return finished
            }
        } onCancel: {
            pass.stop(.stopping)
        }
        return finished.sorted { $0.index < $1.index }.map(\.result)
    }

    private struct Finished: Sendable {
        let index: Int
        let result: Result<ArchivedObject, ObjectStoreError>
    }

    private func send(
        _ order: Order,
        as index: Int,
        of pass: ArchivePass,
        part: Int,
        from log: any OpenedLog
    ) async -> Result<ArchivedObject, ObjectStoreError> {
        // The content that was made last, where it was one of its own: it knows how many lines it has.
        let own = Mutex<ArchiveBody?>(nil)
        do throws(ObjectStoreError) {
            let upload = ObjectUpload(
                id: order.upload,
                path: order.path,
                endpoint: endpoint,
                token: token,
                byteEstimate: log.byteCount
            ) { () throws(ObjectStoreError) in
                if pass.join(index) { return SharedArchiveBody(pass, item: index) }
                let body = try ArchiveBody(order.part, of: log, compressor: compressor) { [job] in job.isCancelled }
                own.withLock { $0 = body }
                return body
            }
            let stored = try await store.put(upload)
            let lines = own.withLock { $0?.lineCount } ?? pass.lineCount(of: part)
            logger.info(
                "archived",
                metadata: [
                    LogKeys.objectPath: "\(Excerpt.line(order.path.description))",
                    LogKeys.objectBytes: "\(stored.byteCount)",
                    LogKeys.objectMD5: "\(stored.md5)",
                    LogKeys.objectLines: "\(lines)",
                ]
            )
            return .success(
                ArchivedObject(id: order.id, path: order.path, lineCount: lines, byteCount: stored.byteCount)
            )
        } catch {
            return .failure(error)
        }
    }
}
