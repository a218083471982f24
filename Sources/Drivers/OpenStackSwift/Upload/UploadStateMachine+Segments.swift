// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// Steps for the segments and the manifest.
extension UploadStateMachine {
    /// A query for a segment after a lost response.
    struct SegmentSettlement {
        let segment: StoredSegment
        let isLast: Bool
        let whole: StoredObject?
        /// The reason for the query.
        let error: ObjectStoreError
        /// Whether to restart the content if the segment is missing.
        let mayRetry: Bool
        var triesLeft = cleanUpTries - 1
    }

    /// The segment that is currently sent.
    var currentSegment: SegmentName {
        SegmentName(upload: upload, attempt: attempt, number: storedSegments.count)
    }

    mutating func sendSegment() -> Step {
        state = .sendingSegment
        hasBegunSegments = true
        hasBegunContent = true
        return .request(segmentRequest)
    }

    private var segmentRequest: StoreRequest {
        var extent = ContentPart.Extent.upTo(limit: segmentBytes)
        if let contentBytes {
            let (start, isOverflow) = segmentBytes.multipliedReportingOverflow(by: UInt64(storedSegments.count))
            let left = isOverflow || start > contentBytes ? 0 : contentBytes - start
            extent = .exactly(byteCount: min(left, segmentBytes), isLast: left <= segmentBytes)
        }
        return .putSegment(currentSegment, framing: .init(expectsContinue: expectsContinue, extent: extent))
    }

    mutating func afterSendingSegment(_ result: ExchangeResult) -> Step {
        var failure = failures.failure(result, attempts: attemptNumber)
        if case .answered(let answer) = result.end {
            if answer.isSuccess { return afterStoringSegment(answer, result) }
            switch answer.status {
            case 411 where !sendsLength, 501 where !sendsLength:
                sendsLength = true
                return restart()
            case 417 where expectsContinue:
                expectsContinue = false
                return result.isTouched ? restart() : sendSegment()
            // Just after its creation, some of the store's servers may not know a container yet.
            case 404: failure.mayPass = true
            default: break
            }
        }
        if case .stopped = result.end { return giveUp(failure.error) }
        if failure.mayBeDone, let sent = result.sent {
            return settle(sent, result, error: failure.error, mayRetry: failure.mayPass)
        }
        return result.isTouched ? beginAnew(after: failure) : again(segmentRequest, after: failure)
    }

    private mutating func afterStoringSegment(_ answer: StoreAnswer, _ result: ExchangeResult) -> Step {
        guard let sent = result.sent else { return discard(failures.takenTooEarly(answer)) }
        guard let etag = answer.etag else {
            return settle(sent, result, error: failures.unconfirmed(answer), mayRetry: false)
        }
        if etag.value == sent.md5 {
            return keep(StoredSegment(name: currentSegment, object: sent), isLast: result.isLast, whole: result.whole)
        }
        if etag.isMD5 { return discard(failures.mismatch(answer)) }
        return settle(sent, result, error: failures.incomparable(answer, isKept: false), mayRetry: false)
    }

    private mutating func settle(
        _ sent: StoredObject,
        _ result: ExchangeResult,
        error: ObjectStoreError,
        mayRetry: Bool
    ) -> Step {
        let segment = StoredSegment(name: currentSegment, object: sent)
        state = .settlingSegment(
            SegmentSettlement(
                segment: segment,
                isLast: result.isLast,
                whole: result.whole,
                error: error,
                mayRetry: mayRetry
            )
        )
        return .request(.headSegment(segment.name))
    }

    mutating func afterSettlingSegment(_ result: ExchangeResult, _ settlement: SegmentSettlement) -> Step {
        let segment = settlement.segment
        if case .answered(let answer) = result.end, answer.isSuccess || answer.status == 404 {
            if answer.isSuccess, answer.etag?.value == segment.object.md5 {
                return keep(segment, isLast: settlement.isLast, whole: settlement.whole)
            }
        } else if settlement.triesLeft > 0 {
            var settlement = settlement
            settlement.triesLeft -= 1
            state = .settlingSegment(settlement)
            return .request(.headSegment(segment.name))
        }
        return beginAnew(after: FailedRequest(error: settlement.error, mayPass: settlement.mayRetry))
    }

    /// Continues after a segment that the store has confirmed.
    private mutating func keep(_ segment: StoredSegment, isLast: Bool, whole: StoredObject?) -> Step {
        storedSegments.append(segment)
        requestFailures = 0
        guard isLast else {
            guard storedSegments.count < SegmentManifest.greatestCount else {
                return discard(failures.tooManySegments())
            }
            return sendSegment()
        }
        guard let whole else {
            return discard(ObjectStoreError(.sourceFailed, "internal error: the object's checksum was not computed"))
        }
        do throws(ObjectStoreError) {
            let manifest = try SegmentManifest(of: storedSegments, attempt: attempt, address: failures.address)
            state = .sendingManifest(manifest, whole: whole)
            return .request(request(for: manifest))
        } catch {
            return discard(error)
        }
    }

    func request(for manifest: SegmentManifest) -> StoreRequest {
        .putManifest(manifest, expectsContinue: expectsContinue)
    }

    mutating func afterSending(_ manifest: SegmentManifest, _ result: ExchangeResult, whole: StoredObject) -> Step {
        let list = manifest.listMD5
        let candidate = Candidate(object: whole, tag: manifest.etag, attempt: attempt, listMD5: list)
        var failure = failures.failure(result, attempts: requestFailures + 1)
        if case .answered(let answer) = result.end {
            if answer.isSuccess { return afterStoring(answer, candidate) }
            switch answer.status {
            case 404 where !hasMade.contains(.objects):
                return make(.objects, then: .request(request(for: manifest), state: state))
            case 417 where expectsContinue:
                expectsContinue = false
                return .request(request(for: manifest))
            case 400, 405, 411, 501: failure = FailedRequest(error: failures.manifestRefused(answer))
            // Just after its creation, some of the store's servers may not know a container yet.
            case 404: failure = FailedRequest(error: failures.manifestRefused(answer), mayPass: true)
            case 412:
                return settle(Settlement(error: failure.error, ifMissing: .pause, manifest: manifest, whole: whole))
            default: break
            }
        }
        if failure.mayBeDone, result.isTouched { candidates.append(candidate) }
        return sendAgain(manifest, whole: whole, after: failure)
    }

    /// Sends the manifest again after a pause, unless the store has it.
    mutating func sendAgain(
        _ manifest: SegmentManifest,
        whole: StoredObject,
        after failure: FailedRequest
    ) -> Step {
        state = .sendingManifest(manifest, whole: whole)
        guard !candidates.isEmpty else { return again(request(for: manifest), after: failure) }
        let settlement = Settlement(error: failure.error, ifMissing: .send, manifest: manifest, whole: whole)
        return again(request(for: manifest), after: failure, then: .settle(settlement))
    }
}
