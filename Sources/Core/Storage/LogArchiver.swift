// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging

/// Ships logs: the lines of each load balancer of an ARCHIVE, compressed on the way, to an object of its own.
public struct LogArchiver: Sendable {
    private let store: any ObjectStore
    private let compressor: any LogCompressor
    private let allowedEndpoints: [String]
    private let now: @Sendable () -> UTCTimestamp

    /// Creates an archiver.
    ///
    /// - Parameters:
    ///   - store: Where the objects go.
    ///   - compressor: What compresses them.
    ///   - allowedEndpoints: Where not empty, the only hosts (`HOST` or `HOST:PORT`) that may be sent to.
    ///   - now: The clock, for the objects' names.
    public init(
        store: any ObjectStore,
        compressor: any LogCompressor,
        allowedEndpoints: [String] = [],
        now: @escaping @Sendable () -> UTCTimestamp = { .now }
    ) {
        self.store = store
        self.compressor = compressor
        self.allowedEndpoints = allowedEndpoints
        self.now = now
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

    /// Ships the logs, one after the other.
    ///
    /// - Parameters:
    ///   - request: What was asked for.
    ///   - logs: The log of each item, opened; in the order of the items.
    ///   - job: Says whether the agent is stopping, and takes the progress in bytes of log.
    ///   - logger: Takes one line for each object.
    /// - Throws: `ObjectStoreError`; objects before the one at fault stay.
    func archive(
        _ request: ArchiveRequest,
        logs: [any OpenedLog],
        job: any JobContext,
        logger: Logger
    ) async throws(ObjectStoreError) {
        let total = logs.reduce(0) { $0 + $1.byteCount }
        let time = now()
        var done: UInt64 = 0
        for (item, log) in zip(request.items, logs) {
            let path = ObjectPath(basePath: request.basePath, loadBalancer: item.id, time: time)
            let base = done
            let stored = try await store.put(path, at: request.endpoint, token: request.token) {
                () throws(ObjectStoreError) in
                try ArchiveBody(
                    log: log,
                    compressor: compressor,
                    isCancelled: { job.isCancelled },
                    progress: { job.report(progress: base + $0, of: total) }
                )
            }
            done += log.byteCount
            job.report(progress: done, of: total)
            logger.info(
                "archived",
                metadata: [
                    LogKeys.objectPath: "\(Excerpt.line(path.description))",
                    LogKeys.objectBytes: "\(stored.byteCount)",
                    LogKeys.objectMD5: "\(stored.md5)",
                ]
            )
        }
    }
}
