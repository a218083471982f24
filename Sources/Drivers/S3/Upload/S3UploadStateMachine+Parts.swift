// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// Steps of a multipart upload.
extension S3UploadStateMachine {
    mutating func createUpload(_ part: Part) -> Step {
        state = .creatingUpload(part)
        return .request(.createUpload)
    }

    mutating func afterCreatingUpload(_ result: ExchangeResult, _ part: Part) -> Step {
        var failure = failures.failure(result, attempts: requestFailures + 1)
        if case .answered(let answer) = result.end {
            if answer.isSuccess {
                guard let id = answer.multipartUploadID else {
                    hasLostUpload = true
                    return discard(failures.noUploadID(answer))
                }
                requestFailures = 0
                multipartUpload = id
                return send(part)
            }
            switch S3ErrorKind(answer) {
            case .noSuchBucket where needsBucket(answer):
                return createBucket(then: .request(.createUpload, state: state))
            // Just after its creation, some of the store's servers may not know a bucket yet.
            case .noSuchBucket where hasCreatedBucket: failure.mayPass = true
            default: break
            }
        }
        if failure.mayBeDone { hasLostUpload = true }
        return again(.createUpload, after: failure)
    }

    mutating func send(_ part: Part) -> Step {
        guard let multipartUpload else { return createUpload(part) }
        state = .sendingPart(part)
        return .request(.putPart(number: part.number, upload: multipartUpload))
    }

    mutating func afterSendingPart(_ result: ExchangeResult, _ part: Part) -> Step {
        guard let multipartUpload else { return createUpload(part) }
        let request = S3Request.putPart(number: part.number, upload: multipartUpload)
        let failure = failures.failure(result, attempts: requestFailures + 1)
        if case .answered(let answer) = result.end {
            if answer.isSuccess { return afterStoring(part, request, answer) }
            if S3ErrorKind(answer) == .noSuchUpload { return beginAnew(after: failure) }
        }
        if case .stopped = result.end { return giveUp(failure.error) }
        // A repeated part replaces its earlier copy.
        return again(request, after: failure)
    }

    private mutating func afterStoring(_ part: Part, _ request: S3Request, _ answer: StoreAnswer) -> Step {
        guard let etag = answer.etag, etag.value == part.object.md5 || answer.hasOpaqueETag else {
            let isWrong = answer.etag?.isMD5 == true
            let error =
                isWrong ? failures.mismatch(answer, isObject: false) : failures.unconfirmed(answer, isKept: false)
            // A tag of another format is the same at each attempt.
            return again(request, after: FailedRequest(error: error, mayPass: isWrong || answer.etag == nil))
        }
        requestFailures = 0
        storedParts.append(StoredPart(number: part.number, etag: etag.value, md5: part.object.md5))
        guard let whole = part.whole else {
            guard part.number < PartPlan.greatestCount else { return discard(failures.tooManyParts()) }
            return read(number: part.number + 1)
        }
        do throws(ObjectStoreError) { return complete(try PartList(storedParts), whole: whole) } catch {
            return discard(error)
        }
    }

    private mutating func complete(_ list: PartList, whole: StoredObject) -> Step {
        guard let multipartUpload else { return clean(then: .beginAnew) }
        releaseContent()
        state = .completing(list, whole: whole)
        return .request(.completeUpload(multipartUpload, list, isConditional: isConditional))
    }

    mutating func afterCompleting(_ result: ExchangeResult, _ list: PartList, whole: StoredObject) -> Step {
        guard let multipartUpload else { return clean(then: .beginAnew) }
        let request = S3Request.completeUpload(multipartUpload, list, isConditional: isConditional)
        let sent = Candidate(whole: whole, etag: list.etag, isInParts: true)
        var failure = failures.failure(result, attempts: requestFailures + 1)
        if case .answered(let answer) = result.end {
            if answer.isSuccess, let etag = answer.completedETag { return afterStoring(sent, etag, answer) }
            switch S3ErrorKind(answer) {
            case .notImplemented where isConditional:
                isConditional = false
                return complete(list, whole: whole)
            case .alreadyExists:
                return settle(Settlement(error: failure.error, then: .pause(request, state: state)))
            case .noSuchUpload where candidate != nil:
                return settle(Settlement(error: failure.error, then: .beginAnew))
            case .noSuchUpload, .conflict, .invalidPart: return beginAnew(after: failure)
            default: break
            }
            // The store sends the status first: an error may follow, or the response may be truncated.
            if answer.isSuccess {
                let kind = S3ErrorKind(answer)
                failure.mayPass = S3ErrorBody(answer) == nil || kind.mayPass
                failure.mayBeDone = S3ErrorBody(answer) == nil || kind.mayBeDone
            }
        }
        if failure.mayBeDone, result.sent != nil { candidate = sent }
        return sendAgain(request, after: failure)
    }
}
