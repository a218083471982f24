// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// Decides, from how each request has ended, what comes next on the way of one object into its store.
///
/// The store is asked for the object first, and only one that is missing is sent: in one PUT, or in segments and then the
/// list of them (the manifest), if it is larger than one object may be. What may pass is tried again. A request whose
/// answer was lost is settled by asking for what it may have stored. Nothing is removed but what this upload has stored and
/// what is certainly wrong or of no use.
struct UploadStateMachine: StoreStateMachine {
    typealias Step = StoreStep<StoreRequest, StoredObject>

    indirect enum State {
        /// Asking for the object, before any content is made.
        case asking
        case counting
        case makingContainer(StoreContainer, then: Resumption)
        case sendingObject
        case sendingSegment
        /// Asking for a segment whose answer was lost.
        case settlingSegment(SegmentSettlement)
        case sendingManifest(SegmentManifest, whole: StoredObject)
        /// Asking for the object that an attempt may have stored.
        case settling(Settlement)
        case deletingObject(because: ObjectStoreError, triesLeft: Int)
        /// Asking for the segments of an object that an earlier call has stored.
        case checkingSegments(SegmentCheck, of: StoredObject)
        /// Removing an object that an earlier call has stored, because segments of it are missing.
        case removingDamagedObject
        case pausing(then: Resumption)
        case cleaning(then: Outcome, failuresLeft: Int)
    }

    /// What comes after something that had to be done first.
    enum Resumption {
        case request(StoreRequest, state: State)
        /// Ask for the object that an attempt may have stored.
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

    let failures: StoreFailures
    let retries: RetryPolicy
    let upload: UploadID
    let segmentBytes: UInt64
    /// Whether no earlier call can have stored the object.
    let isFresh: Bool
    var state = State.asking
    var isSegmented: Bool
    /// How requests with content are sent.
    var expectsContinue = true
    var sendsLength = false
    /// The content's bytes, if they were counted.
    var contentBytes: UInt64?
    private(set) var attempt: UploadAttempt
    /// All attempts until now.
    private(set) var attempts: Set<UploadAttempt>
    var hasMade: Set<StoreContainer> = []
    var storedSegments: [StoredSegment] = []
    var hasBegunSegments = false
    /// Whether a request was begun that may store the object, or a part of it.
    var hasBegunContent = false
    /// Whether the store has said that it has the object of an earlier call.
    var hasFound = false
    /// The segments to be removed; not all of them need exist.
    var orphanedSegments: [SegmentName] = []
    /// What attempts have sent whole without an answer.
    var candidates: [Candidate] = []
    /// How often the content was begun in vain.
    private var contentFailures = 0
    /// How often in a row a request was in vain that can be made again as it is.
    var requestFailures = 0

    /// Creates a machine.
    ///
    /// - Parameters:
    ///   - byteEstimate: About how many bytes the content has; nil if that is unknown.
    ///   - isFresh: Whether no earlier call can have stored the object.
    ///   - segmentBytes: The greatest number of bytes of one object in the store.
    ///   - attempt: Identifies the first attempt.
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

    /// Begins the content anew: the one place from which an object or its first segment is sent.
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

    /// Sends the content in segments, because it is larger than one object may be.
    mutating func sendInSegments() -> Step {
        isSegmented = true
        attempt = attempt.next
        attempts.insert(attempt)
        return sendContent()
    }

    /// Begins the content anew at once, in another way.
    mutating func restart() -> Step {
        abandonAttempt()
        return clean(then: .beginAnew)
    }

    // MARK: Failures

    /// Which attempt a failed request belongs to, from 1.
    var attemptNumber: Int { max(requestFailures, contentFailures) + 1 }

    /// Makes the same request again after a pause.
    ///
    /// - Parameter resumption: What comes after the pause instead.
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

    /// Begins the content anew after a pause, unless an attempt has stored the object after all.
    mutating func beginAnew(after failure: FailedRequest) -> Step {
        contentFailures += 1
        guard failure.mayPass, contentFailures < retries.attempts else { return giveUp(failure.error) }
        abandonAttempt()
        let settlement = Settlement(error: failure.error, ifMissing: .send)
        state = .pausing(then: candidates.isEmpty ? .beginAnew : .settle(settlement))
        return .pause(retries.wait(after: contentFailures, asked: failure.retryAfter), because: failure.error)
    }

    /// Ends the upload by an error, unless an attempt has stored the object after all.
    mutating func giveUp(_ error: ObjectStoreError) -> Step {
        candidates.isEmpty ? discard(error) : settle(Settlement(error: error))
    }

    /// Removes every segment and ends the upload by an error.
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

    /// Takes up the next attempt; what this one has sent in segments is of no use.
    mutating func abandonAttempt() {
        // The segment that was being sent may have been stored without an answer.
        if hasBegunSegments { orphanedSegments += storedSegments.map(\.name) + [currentSegment] }
        storedSegments = []
        hasBegunSegments = false
        attempt = attempt.next
        attempts.insert(attempt)
    }
}
