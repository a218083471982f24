// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
package import Logging
package import SteelyardCore

/// Stores objects in a store that speaks the protocol of Amazon S3, through libcurl.
///
/// A store of this kind wants to know the size and the checksums of a request's content before its first byte. So the
/// content is read into memory part by part: one that ends with its first part of ``S3Configuration/partBytes`` is sent in
/// one PUT, a larger one in an upload in parts. Each request has the MD5 and the SHA-256 of its content, which the store
/// checks; the ETags that it reports are compared.
///
/// The object has the upload's identifier among its metadata, by which it is recognized later. `If-None-Match` asks the store
/// to overwrite nothing; a store that does not implement it is sent the object without, since it was asked for the object
/// before. Certificates are always verified, redirects are not followed, and proxies of the environment are not used.
/// Requests are signed by libcurl (AWS Signature Version 4). What may pass is tried again.
///
/// Both functions block the thread that they are called on; cancelling the task wakes them.
package final class S3Store: ObjectStore {
    private let configuration: S3Configuration
    private let logger: Logger
    private let connections: StoreConnectionPool

    /// Creates a store; nothing is connected to before the first object comes.
    package init(configuration: S3Configuration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        connections = StoreConnectionPool(configuration.http)
    }

    /// Checks the bucket's name and the credentials.
    package func check(
        container: String,
        at endpoint: StorageEndpoint,
        credentials: StorageCredentials
    ) throws(ObjectStoreError) {
        _ = try failures(ObjectPath(container: container, name: ""), endpoint, credentials)
    }

    /// Stores one object whole, or nothing at all; the bucket is created if there is none, unless
    /// ``S3Configuration/createsBucket`` forbids it.
    ///
    /// - Returns: The content's MD5 and size. The store has confirmed that MD5; of an object in parts, it has confirmed each
    ///   part's, and the list of them, while the MD5 of the whole was counted here.
    /// - Throws: `ObjectStoreError`, with the store's own error text, and never a secret.
    package func put(_ upload: ObjectUpload) async throws(ObjectStoreError) -> StoredObject {
        let failures = try failures(upload.path, upload.endpoint, upload.credentials)
        let machine = S3UploadStateMachine(
            upload: upload.id,
            partBytes: PartPlan.partBytes(
                byteEstimate: upload.byteEstimate,
                partBytes: configuration.partBytes,
                requestBytes: configuration.segmentBytes
            ),
            isFresh: upload.isFresh,
            createsBucket: configuration.createsBucket,
            failures: failures,
            retries: configuration.retries
        )
        return try await run(machine, upload: upload.id, failures: failures, makeBody: upload.makeBody)
    }

    /// Aborts the uploads in parts of the object's key that were neither completed nor aborted.
    ///
    /// - Throws: `ObjectStoreError` if some may be left.
    package func removeRemains(
        of upload: AbandonedUpload,
        at endpoint: StorageEndpoint,
        credentials: StorageCredentials
    ) async throws(ObjectStoreError) {
        let failures = try failures(upload.path, endpoint, credentials)
        let machine = S3RemainsStateMachine(failures: failures, retries: configuration.retries)
        let count = try await run(machine, upload: upload.id, failures: failures) { BytesBody([]) }
        guard count > 0 else { return }
        logger.info(
            "parts of an abandoned upload removed",
            metadata: [LogKeys.objectPath: "\(StoreText.line(failures.objectPath, hiding: ""))"]
        )
    }

    private func failures(
        _ path: ObjectPath,
        _ endpoint: StorageEndpoint,
        _ fields: StorageCredentials
    ) throws(ObjectStoreError) -> S3Failures {
        let credentials: S3Credentials
        do throws(InvalidValue) { credentials = try S3Credentials(fields) } catch {
            throw ObjectStoreError(.unauthorized, error.problem, mayBeStored: false)
        }
        let address = S3Address(
            path: path,
            endpoint: endpoint,
            credentials: credentials,
            addressing: configuration.addressing
        )
        try address.check()
        return S3Failures(address: address)
    }

    private func run<Machine: StoreStateMachine<S3Request, Success>, Success: Sendable>(
        _ machine: Machine,
        upload: UploadID,
        failures: S3Failures,
        makeBody: @escaping () throws(ObjectStoreError) -> any ObjectBody
    ) async throws(ObjectStoreError) -> Success {
        try await StoreSession.run(
            machine,
            S3Requester(upload: upload, failures: failures, logger: logger, makeBody: makeBody),
            failures: failures,
            configuration: configuration.http,
            connections: connections,
            logger: logger
        )
    }
}
