// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import Logging
import SteelyardCore

/// Makes the requests of one upload, and owns the content to send.
struct S3Requester: StoreRequester {
    private let upload: UploadID
    private let failures: S3Failures
    private let logger: Logger
    private let makeBody: () throws(ObjectStoreError) -> any ObjectBody
    /// The content from which parts are read; nil before its start and after its end.
    private var content: Content?
    /// The last part read.
    private var part: BufferedPart?

    /// Creates a requester.
    ///
    /// - Parameter makeBody: Creates the content.
    init(
        upload: UploadID,
        failures: S3Failures,
        logger: Logger,
        makeBody: @escaping () throws(ObjectStoreError) -> any ObjectBody
    ) {
        self.upload = upload
        self.failures = failures
        self.logger = logger
        self.makeBody = makeBody
    }

    mutating func releaseContent() {
        content = nil
        part = nil
    }

    func prepareForPause() {}

    func warnOfRemains() {
        let place = StoreText.line(failures.objectPath, hiding: "")
        logger.warning(
            "object stored, but parts of an earlier attempt could not be removed",
            metadata: [LogKeys.objectPath: "\(place)"]
        )
    }

    mutating func perform(
        _ request: S3Request,
        within time: StoreTime,
        over connection: StoreConnection
    ) -> ExchangeResult {
        do throws(ObjectStoreError) {
            if case .readPart(let isFirst, let limit) = request {
                return try read(isFirst: isFirst, limit: limit, within: time)
            }
            let http = try request.http(
                for: upload,
                at: failures.address,
                part: part,
                limit: max(time.left, .milliseconds(1)),
                cancellation: time.cancellation
            )
            guard let http else { throw ObjectStoreError(.sourceFailed, "internal error: the request has no URL") }
            return connection.perform(http, failures: failures)
        } catch {
            return ExchangeResult(end: .stopped(error))
        }
    }

    private mutating func read(
        isFirst: Bool,
        limit: UInt64,
        within time: StoreTime
    ) throws(ObjectStoreError) -> ExchangeResult {
        // The old part and the old body are released first: the new body may wait for their memory.
        part = nil
        if isFirst {
            content = nil
            content = try Content(makeBody: makeBody)
            try content?.countWhole()
        }
        guard let content else { throw ObjectStoreError(.sourceFailed, "the object's content is missing") }
        let read = try BufferedPart(of: content, limit: limit) { () throws(ObjectStoreError) in try time.check() }
        let isLast = try content.isAtEnd()
        part = read
        guard isLast else {
            return ExchangeResult(end: .counted(read.object.byteCount), sent: read.object, isLast: false)
        }
        let whole = content.finish()
        self.content = nil
        return ExchangeResult(end: .counted(read.object.byteCount), sent: read.object, whole: whole)
    }
}
