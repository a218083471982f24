// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// Decides the next step of an upload from the result of each request.
///
/// The store is first queried for the object; only a missing object is sent: in one PUT, or, if it exceeds the size
/// limit, in segments followed by the manifest. Temporary failures are retried. If the response to a request is lost, a
/// query finds out whether the object is stored. Only objects that this upload has stored and that are certainly wrong
/// or unneeded are removed.
struct UploadStateMachine: StoreStateMachine {
    typealias Step = StoreStep<StoreRequest, StoredObject>

    indirect enum State {
        /// Querying the object, before any content is read.
        case asking
        case counting
        case makingContainer(StoreContainer, then: Resumption)
        case sendingObject
        case sendingSegment
        /// Querying a segment after a lost response.
        case settlingSegment(SegmentSettlement)
        case sendingManifest(SegmentManifest, whole: StoredObject)
        /// Querying the object that an attempt may have stored.
        case settling(Settlement)
        case deletingObject(because: ObjectStoreError, triesLeft: Int)
        /// Querying the segments of an object that an earlier call has stored.
        case checkingSegments(SegmentCheck, of: StoredObject)
        /// Removing an object of an earlier call, because segments of it are missing.
        case removingDamagedObject
        case pausing(then: Resumption)
        case cleaning(then: Outcome, failuresLeft: Int)
    }

    /// The step after a preparatory request.
    enum Resumption {
        case request(StoreRequest, state: State)
        /// Query the object that an attempt may have stored.
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

    let failures: StoreFailures
    let retries: RetryPolicy
    let upload: UploadID
    let segmentBytes: UInt64
    /// Whether no earlier call can have stored the object.
    let isFresh: Bool
    var state = State.asking
    var isSegmented: Bool
    /// Whether requests with content send `Expect: 100-continue`.
    var expectsContinue = true
    var sendsLength = false
    /// The size of the content, if it was counted.
    var contentBytes: UInt64?
    private(set) var attempt: UploadAttempt
    /// All attempts so far.
    private(set) var attempts: Set<UploadAttempt>
    var hasMade: Set<StoreContainer> = []
    var storedSegments: [StoredSegment] = []
    var hasBegunSegments = false
    /// Whether a request that may store the object, or a part of it, has started.
    var hasBegunContent = false
    /// Whether the store has reported an object of an earlier call.
    var hasFound = false
    /// The segments to remove; not all of them need exist.
    var orphanedSegments: [SegmentName] = []
    /// The objects that were sent completely, without a response.
    var candidates: [Candidate] = []
    /// The number of failed attempts to send the content.
    private var contentFailures = 0
    /// The number of consecutive failures of a repeatable request.
    var requestFailures = 0

    /// Creates a machine.
    ///
    /// - Parameters:
    ///   - byteEstimate: The approximate size of the content; nil if unknown.
    ///   - isFresh: Whether no earlier call can have stored the object.
    ///   - segmentBytes: The largest object in bytes.
    ///   - attempt: The identifier of the first attempt.
    init(
        upload: UploadID,
        byteEstimate: UInt64?,
        isFresh: Bool = true,
        segmentBytes: UInt64,
        attempt: UploadAttempt = UploadAttempt(),
        failures: StoreFailures,
        retries: RetryPolicy
    ) {
        self.upload = upload
        self.segmentBytes = segmentBytes
        self.isFresh = isFresh
        self.attempt = attempt
        self.failures = failures
        self.retries = retries
        isSegmented = (byteEstimate ?? 0) > segmentBytes
        attempts = [attempt]
    }

    var cleanUpCount: Int { orphanedSegments.count }

    var keepsContent: Bool {
        switch state {
        case .sendingSegment, .settlingSegment, .pausing(then: .request(.putSegment, state: _)): true
        default: false
        }
    }

    func begin() -> Step { .request(.headObject(isSettling: false)) }

    mutating func next(after result: ExchangeResult) -> Step {
        switch state {
        case .asking: afterAsking(result)
        case .counting: afterCounting(result)
        case .makingContainer(let container, let resumption): afterMaking(container, result, then: resumption)
        case .sendingObject: afterSendingObject(result)
        case .sendingSegment: afterSendingSegment(result)
        case .settlingSegment(let settlement): afterSettlingSegment(result, settlement)
        case .sendingManifest(let manifest, let whole): afterSending(manifest, result, whole: whole)
        case .settling(let settlement): afterSettling(result, settlement)
        case .deletingObject(let error, let triesLeft): afterDeleting(result, because: error, triesLeft: triesLeft)
        case .checkingSegments(let check, let object): afterCheckingSegment(result, check, of: object)
        case .removingDamagedObject: afterRemovingDamagedObject(result)
        case .cleaning(let outcome, let failuresLeft):
            afterRemovingSegment(result, then: outcome, failuresLeft: failuresLeft)
        case .pausing: nextAfterPause()
        }
    }

    mutating func nextAfterPause() -> Step {
        guard case .pausing(let resumption) = state else { return clean(then: .beginAnew) }
        return resume(resumption)
    }

    mutating func next(afterStop error: ObjectStoreError) -> Step { giveUp(error) }

    // MARK: The content

    /// Restarts the content: the only place from which an object or its first segment is sent.
    mutating func sendContent() -> Step {
        if sendsLength, contentBytes == nil {
            state = .counting
            return .request(.countContent)
        }
        guard isSegmented else {
            state = .sendingObject
            hasBegunContent = true
            let extent = contentBytes.map { ContentPart.Extent.exactly(byteCount: $0, isLast: true) }
            let framing = StoreRequest.Framing(
                expectsContinue: expectsContinue,
                extent: extent ?? .whole(limit: segmentBytes)
            )
            return .request(.putObject(attempt: attempt, framing: framing))
        }
        guard hasMade.contains(.segments) else { return make(.segments, then: .beginAnew) }
        return sendSegment()
    }

    /// Sends the content in segments, because it exceeds the size limit of one object.
    mutating func sendInSegments() -> Step {
        isSegmented = true
        attempt = attempt.next
        attempts.insert(attempt)
        return sendContent()
    }

    /// Restarts the content immediately, with other parameters.
    mutating func restart() -> Step {
        abandonAttempt()
        return clean(then: .beginAnew)
    }

    // MARK: Failures

    /// The number of the attempt that a failed request belongs to, from 1.
    var attemptNumber: Int { max(requestFailures, contentFailures) + 1 }

    /// Repeats the same request after a pause.
    ///
    /// - Parameter resumption: The step after the pause instead.
    mutating func again(
        _ request: StoreRequest,
        after failure: FailedRequest,
        then resumption: Resumption? = nil
    ) -> Step {
        requestFailures += 1
        guard failure.mayPass, requestFailures < retries.attempts else { return giveUp(failure.error) }
        let wait = retries.wait(after: requestFailures, asked: failure.retryAfter)
        state = .pausing(then: resumption ?? .request(request, state: state))
        return .pause(wait, because: failure.error)
    }

    /// Restarts the content after a pause, unless an attempt has stored the object.
    mutating func beginAnew(after failure: FailedRequest) -> Step {
        contentFailures += 1
        guard failure.mayPass, contentFailures < retries.attempts else { return giveUp(failure.error) }
        abandonAttempt()
        let settlement = Settlement(error: failure.error, ifMissing: .send)
        state = .pausing(then: candidates.isEmpty ? .beginAnew : .settle(settlement))
        return .pause(retries.wait(after: contentFailures, asked: failure.retryAfter), because: failure.error)
    }

    /// Ends the upload with an error, unless an attempt has stored the object.
    mutating func giveUp(_ error: ObjectStoreError) -> Step {
        candidates.isEmpty ? discard(error) : settle(Settlement(error: error))
    }

    /// Removes all segments and ends the upload with an error.
    mutating func discard(_ error: ObjectStoreError) -> Step {
        abandonAttempt()
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

    /// Starts the next attempt; the segments of the current one are unneeded.
    mutating func abandonAttempt() {
        // The current segment may have been stored without a response.
        if hasBegunSegments { orphanedSegments += storedSegments.map(\.name) + [currentSegment] }
        storedSegments = []
        hasBegunSegments = false
        attempt = attempt.next
        attempts.insert(attempt)
    }
}
