// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// Steps for the object's metadata, its bucket, and a single PUT.
extension S3UploadStateMachine {
    mutating func afterAsking(_ result: ExchangeResult) -> Step {
        if case .answered(let answer) = result.end {
            if answer.isSuccess {
                return answer.uploadID == upload ? succeed(Self.found(answer)) : discard(failures.exists())
            }
            if answer.status == 404 {
                requestFailures = 0
                return read(number: 1)
            }
            // The error code is in the content, which the response to a HEAD lacks.
            if 300...499 ~= answer.status, S3ErrorKind(answer) != .busy {
                state = .explaining
                return .request(.getObject)
            }
        }
        return again(.headObject(isSettling: false), after: failures.failure(result, attempts: attemptNumber))
    }

    mutating func afterExplaining(_ result: ExchangeResult) -> Step {
        var failure = failures.failure(result, attempts: attemptNumber)
        if case .answered(let answer) = result.end {
            switch S3ErrorKind(answer) {
            case .noSuchBucket, .notFound:
                requestFailures = 0
                return read(number: 1)
            // A write-only access key cannot read metadata. Without a HEAD, only a new name rules out overwriting: not
            // every store supports If-None-Match.
            case .forbidden where isFresh:
                requestFailures = 0
                return read(number: 1)
            default: break
            }
            // A HEAD now succeeds: 416 is the response for an empty object.
            if answer.isSuccess || answer.status == 416 { failure.mayPass = true }
        }
        state = .asking
        return again(.headObject(isSettling: false), after: failure)
    }

    static func found(_ answer: StoreAnswer) -> StoredObject {
        StoredObject(md5: "", byteCount: answer.byteCount ?? 0, wasFound: true)
    }

    // MARK: The bucket

    mutating func createBucket(then resumption: Resumption) -> Step {
        state = .creatingBucket(then: resumption)
        return .request(.createBucket)
    }

    mutating func afterCreatingBucket(_ result: ExchangeResult, then resumption: Resumption) -> Step {
        let failure = failures.failure(result, attempts: requestFailures + 1)
        if case .answered(let answer) = result.end {
            let kind = S3ErrorKind(answer)
            if answer.isSuccess || kind == .bucketOwned {
                requestFailures = 0
                hasCreatedBucket = true
                return resume(resumption)
            }
            if kind == .forbidden { return giveUp(failures.cannotCreateBucket(answer)) }
        }
        return again(.createBucket, after: failure)
    }

    /// Returns whether to create a missing bucket now.
    func needsBucket(_ answer: StoreAnswer) -> Bool {
        createsBucket && !hasCreatedBucket && S3ErrorKind(answer) == .noSuchBucket
    }

    // MARK: The object

    mutating func sendObject(_ part: Part) -> Step {
        state = .sendingObject(part)
        return .request(.putObject(isConditional: isConditional))
    }

    mutating func afterSendingObject(_ result: ExchangeResult, _ part: Part) -> Step {
        let request = S3Request.putObject(isConditional: isConditional)
        let sent = Candidate(whole: part.object, etag: part.object.md5)
        var failure = failures.failure(result, attempts: requestFailures + 1)
        if case .answered(let answer) = result.end {
            if answer.isSuccess { return afterStoring(sent, answer.etag, answer) }
            switch S3ErrorKind(answer) {
            case .noSuchBucket where needsBucket(answer):
                return createBucket(then: .request(request, state: state))
            // Just after its creation, some of the store's servers may not know a bucket yet.
            case .noSuchBucket where hasCreatedBucket: failure.mayPass = true
            case .notImplemented where isConditional:
                isConditional = false
                return sendObject(part)
            case .alreadyExists:
                return settle(Settlement(error: failure.error, then: .pause(request, state: state)))
            default: break
            }
        }
        if failure.mayBeDone, result.sent != nil { candidate = sent }
        return sendAgain(request, after: failure)
    }

    /// Repeats a request that may have stored the object, unless it is stored.
    mutating func sendAgain(_ request: S3Request, after failure: FailedRequest) -> Step {
        guard candidate != nil else { return again(request, after: failure) }
        let settlement = Settlement(error: failure.error, then: .send(request, state: state))
        return again(request, after: failure, then: .settle(settlement))
    }

    /// Continues after the store has accepted the object.
    ///
    /// - Parameter etag: The reported checksum.
    mutating func afterStoring(_ sent: Candidate, _ etag: EntityTag?, _ answer: StoreAnswer) -> Step {
        candidate = sent
        multipartUpload = nil
        if let etag, etag.value == sent.etag || answer.hasOpaqueETag { return succeed(sent.whole) }
        // Some stores, and proxies in front of them, report other tags here. The object's own tag decides.
        let isWrong = etag?.isMD5 == true && !sent.isInParts
        let error =
            isWrong ? failures.mismatch(answer, isObject: true) : failures.unconfirmed(answer, isKept: true)
        return settle(Settlement(error: error, isStored: true))
    }
}
