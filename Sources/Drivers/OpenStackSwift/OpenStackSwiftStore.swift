// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
package import Logging
package import SteelyardCore

/// Stores objects in OpenStack Swift, through libcurl.
///
/// An object is sent while it is produced, in one chunked PUT; the reported MD5 is compared to the MD5 computed while
/// sending. Content larger than ``OpenStackSwiftConfiguration/segmentBytes`` becomes a Static Large Object, in
/// segments: from the first byte if ``ObjectUpload/byteEstimate`` predicts it; otherwise, the attempt that exceeds the
/// limit is aborted, which leaves nothing, and the content restarts.
///
/// The object's metadata contain the upload's identifier, by which a later upload recognizes it. A write-only token
/// cannot query the object: a fresh upload (``ObjectUpload/isFresh``) is then sent without a query. A store without
/// `If-None-Match` would overwrite an object of that name, so the name must be new. Certificates are always verified,
/// redirects are not followed, proxies from the environment are not used, and the token is sent only in the header
/// `X-Auth-Token`. Temporary failures are retried; each attempt restarts the content. Connections are kept for a
/// minute, for the next object.
///
/// Both functions block the calling thread; cancelling the task wakes them.
package final class OpenStackSwiftStore: ObjectStore {
    private let configuration: OpenStackSwiftConfiguration
    private let logger: Logger
    private let connections: StoreConnectionPool

    /// The ARCHIVE field that contains the token.
    static let tokenField = "hpcs_object_store_token"

    /// Creates a store; connects only for the first object.
    package init(configuration: OpenStackSwiftConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        connections = StoreConnectionPool(configuration.http)
    }

    /// Stores one object completely or not at all; creates a missing container.
    ///
    /// - Returns: The content's MD5 and size. The store has confirmed the MD5; for an object in segments, it has
    ///   confirmed each segment's MD5 and the manifest, while the MD5 of the whole is computed locally.
    /// - Throws: `ObjectStoreError`, with the store's error text, and never the token.
    package func put(_ upload: ObjectUpload) async throws(ObjectStoreError) -> StoredObject {
        let address = try Self.address(of: upload.path, at: upload.endpoint, upload.credentials)
        let failures = StoreFailures(address: address)
        let machine = UploadStateMachine(
            upload: upload.id,
            byteEstimate: upload.byteEstimate,
            isFresh: upload.isFresh,
            segmentBytes: UInt64(clamping: max(1, configuration.segmentBytes)),
            failures: failures,
            retries: configuration.retries
        )
        return try await run(machine, upload: upload.id, failures: failures, makeBody: upload.makeBody)
    }

    /// Removes the segments of an abandoned upload, except those that its object uses.
    ///
    /// - Throws: `ObjectStoreError` if some may remain; `refused` if the object does not name its segments.
    package func removeRemains(
        of upload: AbandonedUpload,
        at endpoint: StorageEndpoint,
        credentials: StorageCredentials
    ) async throws(ObjectStoreError) {
        let failures = StoreFailures(address: try Self.address(of: upload.path, at: endpoint, credentials))
        let machine = RemainsStateMachine(upload: upload.id, failures: failures, retries: configuration.retries)
        let count = try await run(machine, upload: upload.id, failures: failures) { BytesBody([]) }
        guard count > 0 else { return }
        logger.info(
            "segments of an abandoned upload removed",
            metadata: [LogKeys.objectPath: "\(StoreText.line(failures.objectPath, hiding: ""))"]
        )
    }

    private static func address(
        of path: ObjectPath,
        at endpoint: StorageEndpoint,
        _ credentials: StorageCredentials
    ) throws(ObjectStoreError) -> ObjectAddress {
        guard let token = credentials[tokenField] else {
            throw ObjectStoreError(.unauthorized, "\(tokenField) is missing")
        }
        return ObjectAddress(path: path, endpoint: endpoint, token: token)
    }

    private func run<Machine: StoreStateMachine<StoreRequest, Success>, Success: Sendable>(
        _ machine: Machine,
        upload: UploadID,
        failures: StoreFailures,
        makeBody: @escaping () throws(ObjectStoreError) -> any ObjectBody
    ) async throws(ObjectStoreError) -> Success {
        try await StoreSession.run(
            machine,
            SwiftRequester(upload: upload, failures: failures, logger: logger, makeBody: makeBody),
            failures: failures,
            configuration: configuration.http,
            connections: connections,
            logger: logger
        )
    }
}
