// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import Logging
import SteelyardCore

/// Makes the requests of one upload, and owns the content to send.
struct SwiftRequester: StoreRequester {
    private let upload: UploadID
    private let failures: StoreFailures
    private let logger: Logger
    private let makeBody: () throws(ObjectStoreError) -> any ObjectBody
    /// The content from which segments are read.
    private var content: Content?
    /// The content of a request that was rejected before any of it was sent, for example for a missing container.
    ///
    /// The next request continues with it: a restarted body would have to read the log again.
    private var untouched: Content?

    /// Creates a requester.
    ///
    /// - Parameter makeBody: Creates the content.
    init(
        upload: UploadID,
        failures: StoreFailures,
        logger: Logger,
        makeBody: @escaping () throws(ObjectStoreError) -> any ObjectBody
    ) {
        self.upload = upload
        self.failures = failures
        self.logger = logger
        self.makeBody = makeBody
    }

    mutating func releaseContent() { content = nil }

    mutating func prepareForPause() {
        // Other objects would wait for it.
        untouched = nil
    }

    func warnOfRemains() {
        let place = StoreText.line(failures.segmentsFolder, hiding: "")
        logger.warning(
            "object stored, but segments of an earlier attempt could not be removed",
            metadata: [LogKeys.objectPath: "\(place)"]
        )
    }

    mutating func perform(
        _ request: StoreRequest,
        within time: StoreTime,
        over connection: StoreConnection
    ) -> ExchangeResult {
        do throws(ObjectStoreError) {
            let content = try content(for: request)
            if let content {
                // A long log may take minutes until its first line for this object. A store or a proxy aborts a request
                // that is idle for so long.
                _ = try content.isAtEnd()
                try time.check()
            }
            let http = request.http(
                for: upload,
                at: failures.address,
                limit: max(time.left, .milliseconds(1)),
                cancellation: time.cancellation
            ) { (extent) throws(ObjectStoreError) in
                guard let content else { throw ObjectStoreError(.sourceFailed, "the object's content is missing") }
                return try ContentPart(of: content, extent: extent)
            }
            guard let http else {
                untouched = nil
                return try count(within: time)
            }
            var result = connection.perform(http, failures: failures)
            if let content { untouched = content.isUntouched ? content : nil }
            if case .putSegment = request, result.sent != nil, result.isLast { result.whole = content?.finish() }
            return result
        } catch {
            return ExchangeResult(end: .stopped(error))
        }
    }

    /// Returns the content that a request sends, restarted or continued; nil if it sends none.
    private mutating func content(for request: StoreRequest) throws(ObjectStoreError) -> Content? {
        switch request {
        case .putObject: return try begin()
        case .putSegment(let name, _):
            if name.number == 0 {
                // The old body is released first: the new one may wait for its memory.
                content = nil
                content = try begin()
                try content?.countWhole()
            }
            return content
        default: return nil
        }
    }

    /// Restarts the content, or continues with one that has not been consumed.
    private mutating func begin() throws(ObjectStoreError) -> Content {
        if let known = untouched {
            untouched = nil
            return known
        }
        return try Content(makeBody: makeBody)
    }

    private func count(within time: StoreTime) throws(ObjectStoreError) -> ExchangeResult {
        let byteCount = try Content(makeBody: makeBody).count { () throws(ObjectStoreError) in try time.check() }
        return ExchangeResult(end: .counted(byteCount))
    }
}
