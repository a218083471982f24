// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// Decides, from how each request has ended, what comes next on the way of an object in segments into its store.
///
/// A segment cannot be sent again, since its content is gone once it was sent: one that is refused before its first byte
/// is tried again by itself, and one whose answer never came is asked for; for any other failure, the content is begun
/// anew. What an attempt has left behind is removed before the next one and at the end, whatever the end is.
struct SegmentedUploadStateMachine {
    /// What is to be done next.
    enum Step: Hashable {
        /// Make the segments' container.
        case putContainer
        /// Send a segment: number 0 begins the content anew, the others go on with it.
        case putSegment(SegmentName)
        case headSegment(SegmentName)
        case deleteSegment(SegmentName)
        case putManifest(SegmentManifest)
        case headManifest, deleteManifest
        /// Wait; the error says why.
        case pause(Duration, ObjectStoreError)
        /// The object is stored; so many segments of earlier attempts could not be removed.
        case succeed(leftBehind: Int)
        case fail(ObjectStoreError)
    }

    enum State {
        case makingContainer
        case sending
        /// Asking for a segment whose answer was lost.
        case asking(StoredSegment, isLast: Bool, otherwise: ObjectStoreError, triesLeft: Int, mayRetry: Bool)
        case sendingManifest(SegmentManifest, etag: String)
        /// Asking for the object that an earlier attempt may have stored.
        case askingManifest(SegmentManifest, etag: String, otherwise: ObjectStoreError, triesLeft: Int, mayRetry: Bool)
        case removingManifest(ObjectStoreError, triesLeft: Int)
        indirect case pausing(then: Step, State)
        case pausingToBeginAnew
        case cleaning(then: Outcome, failuresLeft: Int)
    }

    /// What comes after cleaning.
    enum Outcome {
        case beginAnew, succeed
        case fail(ObjectStoreError)
    }

    static let cleanUpTries = 3

    let failures: StoreFailures
    let retries: RetryPolicy
    var state = State.makingContainer
    var stored: [StoredSegment] = []
    /// What is to be removed; not all of it need be there.
    var rubbish: [SegmentName] = []
    /// How often the content was begun in vain.
    var attemptsFailed = 0
    /// How often in a row a request was in vain that can be made again as it is.
    var requestsFailed = 0
    /// Whether a request for the manifest may have stored it.
    var mayHaveManifest = false
    private var attempt: UInt64

    /// Creates a machine, of which ``begin()`` is the first step.
    ///
    /// - Parameter attempt: A random number, which sets this upload's segments apart from another's.
    init(_ failures: StoreFailures, retries: RetryPolicy, attempt: UInt64) {
        self.failures = failures
        self.retries = retries
        self.attempt = attempt
    }

    func begin() -> Step { .putContainer }

    /// Says what comes after a request.
    mutating func next(after result: ExchangeResult) -> Step {
        switch state {
        case .makingContainer: afterMakingContainer(result)
        case .sending: afterSending(result)
        case .asking(let segment, let isLast, let error, let tries, let mayRetry):
            afterAsking(result, segment, isLast, error, tries, mayRetry)
        case .sendingManifest(let manifest, let etag): afterSendingManifest(result, manifest, etag)
        case .askingManifest(let manifest, let etag, let error, let tries, let mayRetry):
            afterAskingManifest(result, manifest, etag, error, tries, mayRetry)
        case .removingManifest(let error, let tries): afterRemovingManifest(result, error, tries)
        case .cleaning(let outcome, let failuresLeft): afterRemovingSegment(result, outcome, failuresLeft)
        case .pausing, .pausingToBeginAnew: nextAfterPause()
        }
    }

    /// Says what comes after a pause.
    mutating func nextAfterPause() -> Step {
        switch state {
        case .pausing(let step, let next):
            state = next
            return step
        case .pausingToBeginAnew: return clean(then: .beginAnew)
        default: return .putSegment(current)
        }
    }

    /// Says what comes after something on this side has put an end to it: the deadline, or a cancellation.
    mutating func next(afterStop error: ObjectStoreError) -> Step {
        if case .pausing(_, .sendingManifest(let manifest, let etag)) = state, mayHaveManifest {
            return askForManifest(manifest, etag, otherwise: error, mayRetry: false)
        }
        return discard(error)
    }

    /// The segment that is being sent.
    var current: SegmentName { SegmentName(attempt: attempt, number: stored.count) }

    /// Keeps a segment that the store has confirmed.
    mutating func keep(_ segment: StoredSegment, isLast: Bool) -> Step {
        stored.append(segment)
        requestsFailed = 0
        guard isLast else {
            guard stored.count < SegmentManifest.greatestCount else {
                return discard(failures.tooManySegments(SegmentManifest.greatestCount))
            }
            state = .sending
            return .putSegment(current)
        }
        let manifest = SegmentManifest(segments: stored)
        do throws(ObjectStoreError) {
            state = .sendingManifest(manifest, etag: try manifest.makeETag())
            return .putManifest(manifest)
        } catch {
            return discard(error)
        }
    }

    /// Makes the same request again, after a wait.
    mutating func again(_ step: Step, _ error: ObjectStoreError, mayPass: Bool, asked seconds: Int?) -> Step {
        requestsFailed += 1
        guard mayPass, requestsFailed < retries.attempts else { return discard(error) }
        state = .pausing(then: step, state)
        return .pause(retries.wait(after: requestsFailed, asked: seconds), error)
    }

    /// Begins the content anew, after a wait.
    mutating func beginAnew(_ error: ObjectStoreError, mayPass: Bool, asked seconds: Int? = nil) -> Step {
        attemptsFailed += 1
        guard mayPass, attemptsFailed < retries.attempts else { return discard(error) }
        throwAway()
        state = .pausingToBeginAnew
        return .pause(retries.wait(after: attemptsFailed, asked: seconds), error)
    }

    /// Removes every segment, and fails.
    mutating func discard(_ error: ObjectStoreError) -> Step {
        throwAway()
        return clean(then: .fail(error))
    }

    mutating func clean(then outcome: Outcome) -> Step { clean(then: outcome, failuresLeft: Self.cleanUpTries) }

    private mutating func clean(then outcome: Outcome, failuresLeft: Int) -> Step {
        if failuresLeft > 0, let last = rubbish.last {
            state = .cleaning(then: outcome, failuresLeft: failuresLeft)
            return .deleteSegment(last)
        }
        switch outcome {
        case .succeed: return .succeed(leftBehind: rubbish.count)
        case .fail(let error): return .fail(rubbish.isEmpty ? error : failures.segmentsLeftBehind(error))
        case .beginAnew:
            state = .sending
            return .putSegment(current)
        }
    }

    private mutating func afterRemovingSegment(
        _ result: ExchangeResult,
        _ outcome: Outcome,
        _ failuresLeft: Int
    ) -> Step {
        let segment = rubbish.removeLast()
        if case .answered(let answer) = result.end, 200...299 ~= answer.status || answer.status == 404 {
            return clean(then: outcome, failuresLeft: failuresLeft)
        }
        // Behind the others: it is tried again once they are gone.
        rubbish.insert(segment, at: 0)
        return clean(then: outcome, failuresLeft: failuresLeft - 1)
    }

    private mutating func throwAway() {
        // The one that was being sent may have been stored without a word.
        rubbish += stored.map(\.name) + [current]
        stored = []
        attempt &+= 1
    }
}
