// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// Steps that find out the state of the store, and remove unneeded segments.
extension UploadStateMachine {
    /// An object that the store may have, after a lost response.
    struct Candidate: Hashable {
        let object: StoredObject
        /// The expected ETag.
        let tag: String
        let attempt: UploadAttempt
        /// The expected ETag from a store without Static Large Objects; nil for an object without segments.
        var listMD5: String?
    }

    /// The next step if the object that an attempt may have stored is missing.
    enum MissingObject {
        case fail
        /// Send it again.
        case send
        /// Send it again after a pause.
        case pause
    }

    /// A query for the object that an attempt may have stored.
    struct Settlement {
        /// The reason: the upload's error if the object is missing or belongs to another upload.
        let error: ObjectStoreError
        var ifMissing = MissingObject.fail
        /// Whether the stored object is known to be wrong.
        var isWrong = false
        /// The manifest to send again, and the content of its object.
        var manifest: SegmentManifest?
        var whole: StoredObject?
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
            guard settlement.triesLeft > 0 else {
                return settlement.ifMissing == .send ? sendAgain(settlement) : leaveInDoubt(settlement)
            }
            var settlement = settlement
            settlement.triesLeft -= 1
            return settle(settlement)
        }
        guard !answer.isSuccess else { return judge(answer, settlement) }
        switch settlement.ifMissing {
        case .fail:
            // A completely sent request may still be executed.
            let isInDoubt = !settlement.isWrong && !candidates.isEmpty
            return discard(isInDoubt ? failures.inDoubt(settlement.error) : settlement.error)
        case .pause: return sendAgain(settlement)
        case .send:
            guard let manifest = settlement.manifest, let whole = settlement.whole else {
                return clean(then: .beginAnew)
            }
            state = .sendingManifest(manifest, whole: whole)
            return .request(request(for: manifest))
        }
    }

    /// Sends the object or its manifest again after a pause.
    private mutating func sendAgain(_ settlement: Settlement) -> Step {
        let failure = FailedRequest(error: settlement.error, mayPass: true)
        guard let manifest = settlement.manifest, let whole = settlement.whole else { return beginAnew(after: failure) }
        return sendAgain(manifest, whole: whole, after: failure)
    }

    /// Evaluates an object in the store.
    private mutating func judge(_ answer: StoreAnswer, _ settlement: Settlement) -> Step {
        let isOurs = answer.uploadID == upload
        let own = isOurs ? answer.attempt.flatMap { attempts.contains($0) ? $0 : nil } : nil
        if settlement.isWrong {
            guard own != nil else { return discard(failures.notRemoved(settlement.error)) }
            return delete(because: settlement.error, triesLeft: settlement.deletesLeft - 1)
        }
        // Equal checksums mean equal content, even if a proxy has dropped the metadata.
        if let etag = answer.etag, let match = candidates.first(where: { $0.tag == etag.value }) {
            return succeed(match.object, attempt: answer.attempt)
        }
        guard isOurs else { return discard(settlement.ifMissing == .send ? failures.exists() : settlement.error) }
        // An earlier agent has stored it.
        guard let own else { return takeFound(answer) }
        guard let candidate = candidates.first(where: { $0.attempt == own }) else {
            // As far as known, it was not sent completely.
            return leaveInDoubt(settlement)
        }
        if let etag = answer.etag, etag.value == candidate.listMD5 {
            return delete(because: failures.manifestStoredAsObject(answer))
        }
        let isSizeWrong =
            answer.etag?.isWeak != true && answer.byteCount.map { $0 != candidate.object.byteCount } ?? false
        guard answer.etag?.isMD5 == true || isSizeWrong else {
            // Without its segments, the object would be corrupt.
            return clean(then: .finish(.failure(failures.incomparable(answer, isKept: true))))
        }
        return delete(because: failures.mismatch(answer))
    }

    /// Ends the upload with a stored object.
    ///
    /// - Parameter stored: The attempt in the object's metadata.
    mutating func succeed(_ object: StoredObject, attempt stored: UploadAttempt?) -> Step {
        if let stored, stored != attempt { abandonAttempt() }
        return clean(then: .finish(.success(object)))
    }

    private mutating func leaveInDoubt(_ settlement: Settlement) -> Step {
        var error = settlement.isWrong ? failures.leftBehind(settlement.error) : settlement.error
        // It may belong to this upload: a later call must not attribute it to another one.
        if error.code == .alreadyExists { error = failures.unknownOwner(error) }
        // Without the segments of this attempt, the object would be corrupt; other attempts' segments are unneeded.
        return clean(then: .finish(.failure(hasBegunSegments ? failures.unclear(error) : failures.inDoubt(error))))
    }

    private mutating func delete(because error: ObjectStoreError, triesLeft: Int = cleanUpTries - 1) -> Step {
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
        return settle(Settlement(error: error, isWrong: true, deletesLeft: triesLeft))
    }

    // MARK: Segments of no use

    /// Removes the unneeded segments.
    mutating func clean(then outcome: Outcome) -> Step { clean(then: outcome, failuresLeft: Self.cleanUpTries) }

    private mutating func clean(then outcome: Outcome, failuresLeft: Int) -> Step {
        if failuresLeft > 0, let last = orphanedSegments.last {
            state = .cleaning(then: outcome, failuresLeft: failuresLeft)
            return .request(.deleteSegment(last))
        }
        switch outcome {
        case .beginAnew: return sendContent()
        case .finish(.failure(let error)):
            let error = withStoreState(error)
            return .finish(.failure(orphanedSegments.isEmpty ? error : failures.segmentsLeftBehind(error)))
        case .finish(let result): return .finish(result)
        }
    }

    /// Adds to an error whether the object may be in the store, which also depends on the requests made.
    private func withStoreState(_ error: ObjectStoreError) -> ObjectStoreError {
        guard error.code != .alreadyExists else { return error }
        if hasFound { return failures.inDoubt(error) }
        guard !hasBegunContent else { return error }
        return isFresh ? failures.nothingStored(error) : failures.inDoubt(error)
    }

    mutating func afterRemovingSegment(
        _ result: ExchangeResult,
        then outcome: Outcome,
        failuresLeft: Int
    ) -> Step {
        let segment = orphanedSegments.removeLast()
        if case .answered(let answer) = result.end, answer.isSuccess || answer.status == 404 {
            return clean(then: outcome, failuresLeft: failuresLeft)
        }
        // Retried after the others.
        orphanedSegments.insert(segment, at: 0)
        return clean(then: outcome, failuresLeft: failuresLeft - 1)
    }
}
