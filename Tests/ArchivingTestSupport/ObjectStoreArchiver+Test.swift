// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import LogArchiving
package import SteelyardCore

/// Defaults for tests: the type of the store and the name of the log.
extension ObjectStoreArchiver {
    package init(
        store: any ObjectStore,
        compressor: any LogCompressor,
        threads: ArchiveThreads,
        allowedEndpoints: [AllowedEndpoint] = [],
        mode: ArchiveSettings.Mode = .full,
        journal: (any ArchiveJournal)? = nil,
        now: @escaping @Sendable () -> UTCTimestamp = { .now }
    ) {
        self.init(
            store: { _ in store },
            logName: "haproxy",
            compressor: compressor,
            threads: threads,
            allowedEndpoints: allowedEndpoints,
            mode: mode,
            journal: journal,
            now: now
        )
    }
}

extension ArchiveRequest {
    package init(
        endpoint: StorageEndpoint,
        credentials: StorageCredentials,
        basePath: ObjectBasePath,
        items: [Item]
    ) throws(InvalidValue) {
        try self.init(store: "swift", endpoint: endpoint, credentials: credentials, basePath: basePath, items: items)
    }
}

extension ObjectPath {
    package init(basePath: ObjectBasePath, loadBalancer: Identifier, time: UTCTimestamp) {
        self.init(basePath: basePath, loadBalancer: loadBalancer, log: "haproxy", time: time)
    }
}
