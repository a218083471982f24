// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// Decides, from how each request has ended, what comes next on the way of one object into its bucket.
///
/// The store is asked for the object first, and only one that is missing is sent. The content is read part by part into
/// memory: one that ends with its first part is sent in one PUT, a larger one in an upload in parts. A request that may
/// pass is made again with the same part; so the content is begun anew only if the store has lost the upload. What a
/// request whose answer was lost may have stored is found out by asking for the object. Nothing is removed but parts, and
/// an object that this upload has stored and that is certainly wrong.
struct S3UploadStateMachine: StoreStateMachine {
    typealias Step = StoreStep<S3Request, StoredObject>

    /// What was read of the content and is to be sent.
    struct Part: Hashable {
        /// Its place in the object, from 1.
        let number: Int
        let object: StoredObject
        /// The whole content, if it ends with this part.
        let whole: StoredObject?
    }

    indirect enum State {
        /// Asking for the object, before any content is made.
        case asking
        /// Asking why the store has refused the question.
        case explaining
        /// Reading the part of this number.
        case reading(Int)
        case creatingBucket(then: Resumption)
        case sendingObject(Part)
        case creatingUpload(Part)
        case sendingPart(Part)
        case completing(PartList, whole: StoredObject)
        /// Asking for the object that a request may have stored.
        case settling(Settlement)
        case deletingObject(because: ObjectStoreError, triesLeft: Int)
        case pausing(then: Resumption)
        case cleaning(then: Outcome, failuresLeft: Int)
    }

    /// What comes after something that had to be done first.
    enum Resumption {
        case request(S3Request, state: State)
        /// Ask for the object that a request may have stored.
        case settle(Settlement)
        /// Begin the content anew.
        case beginAnew
    }

    /// What comes after cleaning up.
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
    /// Whether a part was read that may have to be sent again.
    private(set) var keepsContent = false
    /// Whether the store is asked to overwrite nothing; not every store knows how to.
    var isConditional = true
    var hasCreatedBucket = false
    /// The upload in parts that has begun.
    var multipartUpload: String?
    var storedParts: [StoredPart] = []
    /// The uploads in parts to be aborted.
    var orphanedUploads: [String] = []
    /// Whether the store may have begun an upload in parts without an answer.
    var hasLostUpload = false
    /// What a request may have stored without an answer.
    var candidate: Candidate?
    /// Whether any of the content was made, which comes before every request that may store the object.
    var hasBegunContent = false
    /// How often the content was begun in vain.
    private var contentFailures = 0
    /// How often in a row a request was in vain that can be made again as it is.
    var requestFailures = 0

    /// Creates a machine.
    ///
    /// - Parameters:
    ///   - partBytes: The bytes of each part but the last one; at least 1.
    ///   - isFresh: Whether no earlier call can have stored the object.
    ///   - createsBucket: Whether a bucket that is missing is created.
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

    /// Reads the next part; number 1 begins the content anew.
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
            return discard(ObjectStoreError(.sourceFailed, "the object's checksum was not counted"))
        }
        let part = Part(number: number, object: object, whole: result.isLast ? result.whole : nil)
        guard number == 1 else { return send(part) }
        return part.whole == nil ? createUpload(part) : sendObject(part)
    }

    // MARK: Failures

    /// Which attempt a failed request belongs to, from 1.
    var attemptNumber: Int { max(requestFailures, contentFailures) + 1 }

    /// Makes the same request again after a pause.
    ///
    /// - Parameter resumption: What comes after the pause instead.
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

    /// Begins the content anew after a pause, because the store has lost what was sent.
    mutating func beginAnew(after failure: FailedRequest) -> Step {
        contentFailures += 1
        guard contentFailures < retries.attempts else { return giveUp(failure.error) }
        abandonUpload()
        state = .pausing(then: .beginAnew)
        return .pause(retries.wait(after: contentFailures, asked: failure.retryAfter), because: failure.error)
    }

    /// Ends the upload by an error, unless a request has stored the object after all.
    mutating func giveUp(_ error: ObjectStoreError) -> Step {
        candidate == nil ? discard(error) : settle(Settlement(error: error))
    }

    /// Removes every part and ends the upload by an error.
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

    /// What was sent in parts is of no use, and the content that was read neither.
    mutating func abandonUpload() {
        if let multipartUpload { orphanedUploads.append(multipartUpload) }
        multipartUpload = nil
        storedParts = []
        keepsContent = false
    }

    /// No later request sends any of the content.
    mutating func releaseContent() { keepsContent = false }
}
