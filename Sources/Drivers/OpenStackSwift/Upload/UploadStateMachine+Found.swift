// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// Steps for an object of this upload that an earlier call has stored: it is the result if it is complete.
extension UploadStateMachine {
    /// Accepts the object as the result, once the store has reported all its segments.
    ///
    /// A segment may be missing: a killed agent's manifest may have arrived while its segments were removed.
    mutating func takeFound(_ answer: StoreAnswer) -> Step {
        // The object has this name, so no other candidate can exist.
        candidates = []
        hasFound = true
        let object = StoredObject(md5: "", byteCount: answer.byteCount ?? 0, wasFound: true)
        guard answer.isSegmented else { return succeed(object, attempt: answer.attempt) }
        guard let check = SegmentCheck(of: answer, upload: upload) else {
            return discard(failures.segmentsUnknown())
        }
        return goOn(check, of: object)
    }

    private mutating func goOn(_ check: SegmentCheck, of object: StoredObject) -> Step {
        state = .checkingSegments(check, of: object)
        return .request(check.request)
    }

    mutating func afterCheckingSegment(
        _ result: ExchangeResult,
        _ check: SegmentCheck,
        of object: StoredObject
    ) -> Step {
        guard case .answered(let answer) = result.end, answer.isSuccess || answer.status == 404 else {
            return again(check.request, after: failures.failure(result, attempts: attemptNumber))
        }
        var check = check
        switch check.take(answer) {
        case .incomplete: return goOn(check, of: object)
        case .whole: return succeed(object, attempt: check.attempt)
        case .unknown: return discard(failures.segmentsUnknown())
        case .damaged:
            abandonAttempt()
            state = .removingDamagedObject
            return .request(.deleteObject)
        }
    }

    mutating func afterRemovingDamagedObject(_ result: ExchangeResult) -> Step {
        if case .answered(let answer) = result.end, answer.isSuccess || answer.status == 404 {
            return beginAnew(after: FailedRequest(error: failures.segmentsMissing(), mayPass: true))
        }
        // It may have been removed, and replaced by another object.
        state = .asking
        return again(.headObject(isSettling: false), after: failures.failure(result, attempts: attemptNumber))
    }
}
