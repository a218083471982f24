// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
package import Logging
package import SteelyardCore

/// Stores objects in OpenStack Swift, through libcurl.
///
/// An object is sent while it is made, in one chunked PUT; the MD5 that the store reports is compared to what was counted
/// on the way. Content beyond ``OpenStackSwiftConfiguration/segmentBytes`` becomes a Static Large Object, in segments:
/// from the first byte, if ``ObjectUpload/byteEstimate`` says so; otherwise the attempt that finds it too large is broken
/// off, which leaves nothing, and the content is begun anew.
///
/// The object has the upload's identifier among its metadata, by which it is recognized later. A token that may write and
/// not read cannot ask for the object: a fresh upload (``ObjectUpload/isFresh``) is then sent without asking. A store that
/// does not know `If-None-Match` would overwrite an object of that name, so that the name must be new. Certificates are always
/// verified, redirects are not followed, proxies of the environment are not used, and the token is in the `X-Auth-Token`
/// header and nowhere else. What may pass is tried again; each attempt begins the content anew. Connections are kept for a
/// minute, for the next object.
///
/// Both functions block the thread that they are called on; cancelling the task wakes them.
package final class OpenStackSwiftStore: ObjectStore {
    private let configuration: OpenStackSwiftConfiguration
    private let logger: Logger
    private let connections: StoreConnectionPool

    /// The field of an ARCHIVE that gives access.
    static let tokenField = "hpcs_object_store_token"

    /// Creates a store; nothing is connected to before the first object comes.
    package init(configuration: OpenStackSwiftConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        connections = StoreConnectionPool(configuration.http)
    }

    /// Stores one object whole, or nothing at all; the container is created if there is none.
    ///
    /// - Returns: The content's MD5 and size. The store has confirmed that MD5; of an object in segments, it has confirmed
    ///   each segment's, and the list of them, while the MD5 of the whole was counted here.
    /// - Throws: `ObjectStoreError`, with the store's own error text, and never the token.
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

    /// Removes the segments of an abandoned upload, but for those that its object consists of.
    ///
    /// - Throws: `ObjectStoreError` if some may be left; `refused` if the object does not say which segments it consists of.
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
