// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
package import Logging
package import SteelyardCore

/// Stores objects in a store with the protocol of Amazon S3, through libcurl.
///
/// S3 requires the size and the checksums of a request's content before its first byte. So the content is read into
/// memory part by part: an object that fits into one part of ``S3Configuration/partBytes`` is sent in one PUT, a larger
/// one in a multipart upload. Each request contains the MD5 and the SHA-256 of its content, which the store checks; the
/// reported ETags are compared.
///
/// The object's metadata contain the upload's identifier, by which a later upload recognizes it. `If-None-Match`
/// prevents overwriting; a store without it gets the object without the header, after a HEAD has found no object.
/// Certificates are always verified, redirects are not followed, and proxies from the environment are not used. libcurl
/// signs requests (AWS Signature Version 4). Temporary failures are retried.
///
/// Both functions block the calling thread; cancelling the task wakes them.
package final class S3Store: ObjectStore {
    private let configuration: S3Configuration
    private let logger: Logger
    private let connections: StoreConnectionPool

    /// Creates a store; connects only for the first object.
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

    /// Stores one object completely or not at all; creates a missing bucket, unless ``S3Configuration/createsBucket``
    /// is false.
    ///
    /// - Returns: The content's MD5 and size. The store has confirmed the MD5; for a multipart upload, it has confirmed
    ///   each part's MD5 and the list of parts, while the MD5 of the whole is computed locally.
    /// - Throws: `ObjectStoreError`, with the store's error text, and never a secret.
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

    /// Aborts the multipart uploads of the object's key that were neither completed nor aborted.
    ///
    /// - Throws: `ObjectStoreError` if some may remain.
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
