// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// Finding out what is in the store, and removing what is of no use.
extension S3UploadStateMachine {
    /// An object that the store may have.
    struct Candidate: Hashable {
        let whole: StoredObject
        /// The checksum that the store reports for it.
        let etag: String
        var isInParts = false
    }

    /// What comes next if the object that a request may have stored is not there.
    enum MissingObject {
        case fail
        /// Make the request again.
        case send(S3Request, state: State)
        /// Make the request again after a pause.
        case pause(S3Request, state: State)
        case beginAnew
    }

    /// Asking for the object that a request may have stored.
    struct Settlement {
        /// Why it is asked for: how the upload fails if the object is not there or not ours.
        let error: ObjectStoreError
        var then = MissingObject.fail
        /// Whether the store has confirmed that it has the object.
        var isStored = false
        var triesLeft = cleanUpTries - 1
        /// How often removing a wrong object is tried.
        var deletesLeft = cleanUpTries
    }

    mutating func settle(_ settlement: Settlement) -> Step {
        state = .settling(settlement)
        return .request(.headObject(isSettling: true))
    }

    mutating func afterSettling(_ result: ExchangeResult, _ settlement: Settlement) -> Step {
        guard case .answered(let answer) = result.end, answer.isSuccess || answer.status == 404 else {
            var settlement = settlement
            guard settlement.triesLeft > 0, !Self.isRefused(result) else { return leaveInDoubt(settlement) }
            settlement.triesLeft -= 1
            return settle(settlement)
        }
        guard !answer.isSuccess else { return judge(answer, settlement) }
        switch settlement.then {
        case .fail:
            // What a request has sent whole may arrive late.
            let isInDoubt = candidate != nil && !settlement.isStored
            return discard(isInDoubt ? failures.inDoubt(settlement.error) : settlement.error)
        case .send(let request, let next):
            state = next
            return .request(request)
        case .pause(let request, let next):
            state = next
            return again(request, after: FailedRequest(error: settlement.error, mayPass: true))
        case .beginAnew: return beginAnew(after: FailedRequest(error: settlement.error, mayPass: true))
        }
    }

    /// Whether the store does not allow the question, so that there is no use in asking again.
    private static func isRefused(_ result: ExchangeResult) -> Bool {
        guard case .answered(let answer) = result.end else { return false }
        return !S3ErrorKind(answer).mayPass
    }

    /// Decides about an object that is in the store.
    private mutating func judge(_ answer: StoreAnswer, _ settlement: Settlement) -> Step {
        guard answer.uploadID == upload else {
            guard settlement.isStored else { return discard(failures.exists()) }
            return discard(failures.leftBehind(settlement.error))
        }
        // S3 stores an object whole or not at all: an agent that was killed has stored this one.
        guard let candidate else { return succeed(Self.found(answer)) }
        if answer.etag?.value == candidate.etag { return succeed(candidate.whole) }
        let isSameSize = answer.byteCount == candidate.whole.byteCount
        // The store has checked each request's own checksum; its tag of the whole has no form that all stores agree on.
        let isComparable = answer.etag?.isMD5 == true && !answer.hasOpaqueETag && !candidate.isInParts
        if isSameSize, !isComparable { return succeed(candidate.whole) }
        guard settlement.isStored else { return succeed(Self.found(answer)) }
        let error = failures.mismatch(answer, isObject: true)
        return delete(because: error, triesLeft: settlement.deletesLeft - 1)
    }

    /// Ends the upload with an object that is in the store.
    mutating func succeed(_ object: StoredObject) -> Step {
        abandonUpload()
        return clean(then: .finish(.success(object)))
    }

    private mutating func leaveInDoubt(_ settlement: Settlement) -> Step {
        if settlement.error.code == .alreadyExists { return discard(failures.unknownOwner(settlement.error)) }
        return discard(failures.inDoubt(settlement.error))
    }

    private mutating func delete(because error: ObjectStoreError, triesLeft: Int) -> Step {
        state = .deletingObject(because: error, triesLeft: triesLeft)
        return .request(.deleteObject)
    }

    mutating func afterDeleting(
        _ result: ExchangeResult,
        because error: ObjectStoreError,
        triesLeft: Int
    ) -> Step {
        if case .answered(let answer) = result.end, answer.isSuccess || answer.status == 404 { return discard(error) }
        guard triesLeft > 0 else { return discard(failures.leftBehind(error)) }
        // It may be gone, and another object may be in its place meanwhile.
        return settle(Settlement(error: error, isStored: true, deletesLeft: triesLeft))
    }

    // MARK: Parts of no use

    /// Removes the parts that are of no use.
    mutating func clean(then outcome: Outcome) -> Step { clean(then: outcome, failuresLeft: Self.cleanUpTries) }

    private mutating func clean(then outcome: Outcome, failuresLeft: Int) -> Step {
        if failuresLeft > 0, let last = orphanedUploads.last {
            state = .cleaning(then: outcome, failuresLeft: failuresLeft)
            return .request(.abortUpload(last))
        }
        if failuresLeft > 0, hasLostUpload {
            state = .cleaning(then: outcome, failuresLeft: failuresLeft)
            return .request(.listUploads(isCleanUp: true))
        }
        switch outcome {
        case .beginAnew: return read(number: 1)
        case .finish(.failure(let error)):
            let error = withStoreState(error)
            return .finish(.failure(cleanUpCount == 0 ? error : failures.partsLeftBehind(error)))
        case .finish(let result): return .finish(result)
        }
    }

    /// Says of an error whether the object may be in the store: that depends on what was requested, too.
    private func withStoreState(_ error: ObjectStoreError) -> ObjectStoreError {
        guard error.code != .alreadyExists, !hasBegunContent else { return error }
        return isFresh ? failures.nothingStored(error) : failures.inDoubt(error)
    }

    mutating func afterCleaning(_ result: ExchangeResult, then outcome: Outcome, failuresLeft: Int) -> Step {
        guard let id = orphanedUploads.popLast() else {
            return afterListing(result, then: outcome, failuresLeft: failuresLeft)
        }
        if case .answered(let answer) = result.end, answer.isSuccess || answer.status == 404 {
            return clean(then: outcome, failuresLeft: failuresLeft)
        }
        // It is tried again after the others.
        orphanedUploads.insert(id, at: 0)
        return clean(then: outcome, failuresLeft: failuresLeft - 1)
    }

    /// Takes the uploads in parts of this key that have not ended: one of them was begun without an answer.
    private mutating func afterListing(_ result: ExchangeResult, then outcome: Outcome, failuresLeft: Int) -> Step {
        guard case .answered(let answer) = result.end, answer.isSuccess,
            let listing = UploadListing(answer, key: failures.address.path.name)
        else { return clean(then: outcome, failuresLeft: failuresLeft - 1) }
        hasLostUpload = false
        orphanedUploads = listing.ids
        return clean(then: outcome, failuresLeft: failuresLeft)
    }
}
