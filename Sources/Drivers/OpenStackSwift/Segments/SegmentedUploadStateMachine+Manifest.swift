// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The list of segments, with which the object is there or is not.
extension SegmentedUploadStateMachine {
    mutating func afterSendingManifest(
        _ result: ExchangeResult,
        _ manifest: SegmentManifest,
        _ etag: String
    ) -> Step {
        switch result.end {
        case .answered(let answer) where 200...299 ~= answer.status:
            guard let found = answer.etag else {
                return askForManifest(manifest, etag, otherwise: failures.unconfirmed(answer), mayRetry: false)
            }
            guard found == etag else { return removeManifest(failures.mismatch(answer)) }
            return clean(then: .succeed)
        case .answered(let answer) where answer.status == 412 && mayHaveManifest:
            let error = failures.error(for: answer, attempts: requestsFailed + 1)
            return askForManifest(manifest, etag, otherwise: error, mayRetry: true)
        case .answered(let answer):
            let kind = AnswerKind(answer.status)
            if kind == .failed, result.isTouched { mayHaveManifest = true }
            let error = failures.error(for: answer, attempts: requestsFailed + 1)
            return sendAgain(manifest, etag, error, mayPass: kind.mayPass, asked: answer.retryAfter)
        case .broke(let error):
            if result.isTouched { mayHaveManifest = true }
            let mayPass = error.kind.mayPass
            return sendAgain(manifest, etag, failures.error(for: error), mayPass: mayPass, asked: nil)
        case .stopped(let error): return sendAgain(manifest, etag, error, mayPass: false, asked: nil)
        case .outgrown: return discard(failures.tooManySegments(1))
        }
    }

    mutating func afterAskingManifest(
        _ result: ExchangeResult,
        _ manifest: SegmentManifest,
        _ etag: String,
        _ error: ObjectStoreError,
        _ triesLeft: Int,
        _ mayRetry: Bool
    ) -> Step {
        switch result.end {
        case .answered(let answer) where 200...299 ~= answer.status:
            return answer.etag == etag ? clean(then: .succeed) : discard(error)
        case .answered(let answer) where answer.status == 404:
            mayHaveManifest = false
            guard mayRetry else { return discard(error) }
            state = .sendingManifest(manifest, etag: etag)
            return sendAgain(manifest, etag, error, mayPass: true, asked: nil)
        case .answered, .broke, .stopped, .outgrown:
            // Without its segments an object would be there in part, or not at all.
            guard triesLeft > 0 else { return .fail(failures.unclear(error)) }
            return askForManifest(manifest, etag, otherwise: error, triesLeft: triesLeft - 1, mayRetry: mayRetry)
        }
    }

    mutating func afterRemovingManifest(
        _ result: ExchangeResult,
        _ error: ObjectStoreError,
        _ triesLeft: Int
    ) -> Step {
        if case .answered(let answer) = result.end, 200...299 ~= answer.status || answer.status == 404 {
            return discard(error)
        }
        guard triesLeft > 0 else { return discard(failures.leftBehind(error)) }
        state = .removingManifest(error, triesLeft: triesLeft - 1)
        return .deleteManifest
    }

    mutating func askForManifest(
        _ manifest: SegmentManifest,
        _ etag: String,
        otherwise error: ObjectStoreError,
        triesLeft: Int = cleanUpTries - 1,
        mayRetry: Bool
    ) -> Step {
        state = .askingManifest(manifest, etag: etag, otherwise: error, triesLeft: triesLeft, mayRetry: mayRetry)
        return .headManifest
    }

    private mutating func sendAgain(
        _ manifest: SegmentManifest,
        _ etag: String,
        _ error: ObjectStoreError,
        mayPass: Bool,
        asked seconds: Int?
    ) -> Step {
        if mayHaveManifest, !mayPass || requestsFailed + 1 >= retries.attempts {
            return askForManifest(manifest, etag, otherwise: error, mayRetry: false)
        }
        return again(.putManifest(manifest), error, mayPass: mayPass, asked: seconds)
    }

    private mutating func removeManifest(_ error: ObjectStoreError) -> Step {
        state = .removingManifest(error, triesLeft: Self.cleanUpTries - 1)
        return .deleteManifest
    }
}
