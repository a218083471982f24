// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// Decides the next step of an upload from the result of each request.
///
/// The store is first queried for the object; only a missing object is sent. The content is read into memory part by
/// part: an object that fits into one part is sent in one PUT, a larger one in a multipart upload. A failed request
/// that may succeed later is repeated with the same part, so the content restarts only if the store has lost the
/// upload. If the response to a request is lost, a query finds out whether the object is stored. Only parts are
/// removed, and an object that this upload has stored and that is certainly wrong.
struct S3UploadStateMachine: StoreStateMachine {
    typealias Step = StoreStep<S3Request, StoredObject>

    /// The part of the content that was read for sending.
    struct Part: Hashable {
        /// Its number, from 1.
        let number: Int
        let object: StoredObject
        /// The whole content, if it ends with this part.
        let whole: StoredObject?
    }

    indirect enum State {
        /// Querying the object, before any content is read.
        case asking
        /// Finding out why the store denied the query.
        case explaining
        /// Reading the part of this number.
        case reading(Int)
        case creatingBucket(then: Resumption)
        case sendingObject(Part)
        case creatingUpload(Part)
        case sendingPart(Part)
        case completing(PartList, whole: StoredObject)
        /// Querying the object that a request may have stored.
        case settling(Settlement)
        case deletingObject(because: ObjectStoreError, triesLeft: Int)
        case pausing(then: Resumption)
        case cleaning(then: Outcome, failuresLeft: Int)
    }

    /// The step after a preparatory request.
    enum Resumption {
        case request(S3Request, state: State)
        /// Query the object that a request may have stored.
        case settle(Settlement)
        /// Restart the content.
        case beginAnew
    }

    /// The step after clean-up.
    enum Outcome {
        case beginAnew
        case finish(Result<StoredObject, ObjectStoreError>)
    }

    static let cleanUpTries = 3

    let failures: S3Failures
    let retries: RetryPolicy
    let upload: UploadID
    let partBytes: UInt64
    /// Whether no earlier call can have stored the object.
    let isFresh: Bool
    let createsBucket: Bool
    var state = State.asking
    /// Whether a part in memory may have to be sent again.
    private(set) var keepsContent = false
    /// Whether to send `If-None-Match`, which not every store supports.
    var isConditional = true
    var hasCreatedBucket = false
    /// The current multipart upload.
    var multipartUpload: String?
    var storedParts: [StoredPart] = []
    /// The multipart uploads to abort.
    var orphanedUploads: [String] = []
    /// Whether the store may have created a multipart upload without a response.
    var hasLostUpload = false
    /// The object that a request without a response may have stored.
    var candidate: Candidate?
    /// Whether any content was read, which precedes every request that may store the object.
    var hasBegunContent = false
    /// The number of failed attempts to send the content.
    private var contentFailures = 0
    /// The number of consecutive failures of a repeatable request.
    var requestFailures = 0

    /// Creates a machine.
    ///
    /// - Parameters:
    ///   - partBytes: The size of each part except the last one; at least 1.
    ///   - isFresh: Whether no earlier call can have stored the object.
    ///   - createsBucket: Whether to create a missing bucket.
    init(
        upload: UploadID,
        partBytes: UInt64,
        isFresh: Bool,
        createsBucket: Bool,
        failures: S3Failures,
        retries: RetryPolicy
    ) {
        self.upload = upload
        self.partBytes = partBytes
        self.isFresh = isFresh
        self.createsBucket = createsBucket
        self.failures = failures
        self.retries = retries
    }

    var cleanUpCount: Int { orphanedUploads.count + (hasLostUpload ? 1 : 0) }

    func begin() -> Step { .request(.headObject(isSettling: false)) }

    mutating func next(after result: ExchangeResult) -> Step {
        switch state {
        case .asking: afterAsking(result)
        case .explaining: afterExplaining(result)
        case .reading(let number): afterReading(result, number: number)
        case .creatingBucket(let resumption): afterCreatingBucket(result, then: resumption)
        case .sendingObject(let part): afterSendingObject(result, part)
        case .creatingUpload(let part): afterCreatingUpload(result, part)
        case .sendingPart(let part): afterSendingPart(result, part)
        case .completing(let list, let whole): afterCompleting(result, list, whole: whole)
        case .settling(let settlement): afterSettling(result, settlement)
        case .deletingObject(let error, let triesLeft): afterDeleting(result, because: error, triesLeft: triesLeft)
        case .cleaning(let outcome, let failuresLeft):
            afterCleaning(result, then: outcome, failuresLeft: failuresLeft)
        case .pausing: nextAfterPause()
        }
    }

    mutating func nextAfterPause() -> Step {
        guard case .pausing(let resumption) = state else { return clean(then: .beginAnew) }
        return resume(resumption)
    }

    mutating func next(afterStop error: ObjectStoreError) -> Step { giveUp(error) }

    // MARK: The content

    /// Reads the next part; number 1 restarts the content.
    mutating func read(number: Int) -> Step {
        state = .reading(number)
        keepsContent = true
        hasBegunContent = true
        return .request(.readPart(isFirst: number == 1, limit: partBytes))
    }

    private mutating func afterReading(_ result: ExchangeResult, number: Int) -> Step {
        guard case .counted = result.end, let object = result.sent else {
            return giveUp(failures.failure(result, attempts: attemptNumber).error)
        }
        guard !result.isLast || result.whole != nil else {
            return discard(ObjectStoreError(.sourceFailed, "internal error: the object's checksum was not computed"))
        }
        let part = Part(number: number, object: object, whole: result.isLast ? result.whole : nil)
        guard number == 1 else { return send(part) }
        return part.whole == nil ? createUpload(part) : sendObject(part)
    }

    // MARK: Failures

    /// The number of the attempt that a failed request belongs to, from 1.
    var attemptNumber: Int { max(requestFailures, contentFailures) + 1 }

    /// Repeats the same request after a pause.
    ///
    /// - Parameter resumption: The step after the pause instead.
    mutating func again(
        _ request: S3Request,
        after failure: FailedRequest,
        then resumption: Resumption? = nil
    ) -> Step {
        requestFailures += 1
        guard failure.mayPass, requestFailures < retries.attempts else { return giveUp(failure.error) }
        let wait = retries.wait(after: requestFailures, asked: failure.retryAfter)
        state = .pausing(then: resumption ?? .request(request, state: state))
        return .pause(wait, because: failure.error)
    }

    /// Restarts the content after a pause, because the store has lost the upload.
    mutating func beginAnew(after failure: FailedRequest) -> Step {
        contentFailures += 1
        guard contentFailures < retries.attempts else { return giveUp(failure.error) }
        abandonUpload()
        state = .pausing(then: .beginAnew)
        return .pause(retries.wait(after: contentFailures, asked: failure.retryAfter), because: failure.error)
    }

    /// Ends the upload with an error, unless a request has stored the object.
    mutating func giveUp(_ error: ObjectStoreError) -> Step {
        candidate == nil ? discard(error) : settle(Settlement(error: error))
    }

    /// Removes all parts and ends the upload with an error.
    mutating func discard(_ error: ObjectStoreError) -> Step {
        abandonUpload()
        return clean(then: .finish(.failure(error)))
    }

    mutating func resume(_ resumption: Resumption) -> Step {
        switch resumption {
        case .beginAnew: return clean(then: .beginAnew)
        case .settle(let settlement): return settle(settlement)
        case .request(let request, state: let next):
            state = next
            return .request(request)
        }
    }

    /// Abandons the multipart upload and the content read so far.
    mutating func abandonUpload() {
        if let multipartUpload { orphanedUploads.append(multipartUpload) }
        multipartUpload = nil
        storedParts = []
        keepsContent = false
    }

    /// Releases the content: no later request sends any of it.
    mutating func releaseContent() { keepsContent = false }
}
