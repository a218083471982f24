// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// Steps that find out the state of the store, and remove unneeded parts.
extension S3UploadStateMachine {
    /// An object that the store may have.
    struct Candidate: Hashable {
        let whole: StoredObject
        /// The expected ETag.
        let etag: String
        var isInParts = false
    }

    /// The next step if the object that a request may have stored is missing.
    enum MissingObject {
        case fail
        /// Repeat the request.
        case send(S3Request, state: State)
        /// Repeat the request after a pause.
        case pause(S3Request, state: State)
        case beginAnew
    }

    /// A query for the object that a request may have stored.
    struct Settlement {
        /// The reason: the upload's error if the object is missing or belongs to another upload.
        let error: ObjectStoreError
        var then = MissingObject.fail
        /// Whether the store has confirmed that it has the object.
        var isStored = false
        var triesLeft = cleanUpTries - 1
        /// The number of attempts left to remove a wrong object.
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
            // A completely sent request may still be executed.
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

    /// Returns whether the store denies the query, so that repeating it is useless.
    private static func isRefused(_ result: ExchangeResult) -> Bool {
        guard case .answered(let answer) = result.end else { return false }
        return !S3ErrorKind(answer).mayPass
    }

    /// Evaluates an object in the store.
    private mutating func judge(_ answer: StoreAnswer, _ settlement: Settlement) -> Step {
        guard answer.uploadID == upload else {
            guard settlement.isStored else { return discard(failures.exists()) }
            return discard(failures.leftBehind(settlement.error))
        }
        // S3 stores an object completely or not at all: an earlier agent stored this one.
        guard let candidate else { return succeed(Self.found(answer)) }
        if answer.etag?.value == candidate.etag { return succeed(candidate.whole) }
        let isSameSize = answer.byteCount == candidate.whole.byteCount
        // The store has checked each request's checksum; the format of its tag for the whole depends on the store.
        let isComparable = answer.etag?.isMD5 == true && !answer.hasOpaqueETag && !candidate.isInParts
        if isSameSize, !isComparable { return succeed(candidate.whole) }
        guard settlement.isStored else { return succeed(Self.found(answer)) }
        let error = failures.mismatch(answer, isObject: true)
        return delete(because: error, triesLeft: settlement.deletesLeft - 1)
    }

    /// Ends the upload with a stored object.
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
        // It may have been removed, and replaced by another object.
        return settle(Settlement(error: error, isStored: true, deletesLeft: triesLeft))
    }

    // MARK: Parts of no use

    /// Removes the unneeded parts.
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

    /// Adds to an error whether the object may be in the store, which also depends on the requests made.
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
        // Retried after the others.
        orphanedUploads.insert(id, at: 0)
        return clean(then: outcome, failuresLeft: failuresLeft - 1)
    }

    /// Adds the unfinished multipart uploads of this key: one of them was created without a response.
    private mutating func afterListing(_ result: ExchangeResult, then outcome: Outcome, failuresLeft: Int) -> Step {
        guard case .answered(let answer) = result.end, answer.isSuccess,
            let listing = UploadListing(answer, key: failures.address.path.name)
        else { return clean(then: outcome, failuresLeft: failuresLeft - 1) }
        hasLostUpload = false
        orphanedUploads = listing.ids
        return clean(then: outcome, failuresLeft: failuresLeft)
    }
}
