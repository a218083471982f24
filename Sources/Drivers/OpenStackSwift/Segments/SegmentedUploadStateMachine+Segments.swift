// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The segments.
extension SegmentedUploadStateMachine {
    mutating func afterMakingContainer(_ result: ExchangeResult) -> Step {
        switch result.end {
        case .answered(let answer) where 200...299 ~= answer.status:
            requestsFailed = 0
            state = .sending
            return .putSegment(current)
        case .answered(let answer):
            let error = failures.error(for: answer, attempts: requestsFailed + 1)
            let mayPass = AnswerKind(answer.status).mayPass
            return again(.putContainer, error, mayPass: mayPass, asked: answer.retryAfter)
        case .broke(let error):
            return again(.putContainer, failures.error(for: error), mayPass: error.kind.mayPass, asked: nil)
        case .stopped(let error): return discard(error)
        case .outgrown: return discard(failures.tooManySegments(1))
        }
    }

    mutating func afterSending(_ result: ExchangeResult) -> Step {
        switch result.end {
        case .stopped(let error): return discard(error)
        case .outgrown: return discard(failures.tooManySegments(1))
        case .broke(let error):
            let mayPass = error.kind.mayPass
            return afterFailure(result, failures.error(for: error), mayPass: mayPass, mayBeStored: true, asked: nil)
        case .answered(let answer) where 200...299 ~= answer.status: return afterStoring(result, answer)
        case .answered(let answer):
            let kind = AnswerKind(answer.status)
            let attempts = max(requestsFailed, attemptsFailed) + 1
            return afterFailure(
                result,
                failures.error(for: answer, attempts: attempts),
                // Just after its making, a container may still be unknown to some of the store's servers.
                mayPass: kind.mayPass || answer.status == 404,
                // A server that fails after the last byte may have stored it all the same.
                mayBeStored: kind == .failed,
                asked: answer.retryAfter
            )
        }
    }

    mutating func afterAsking(
        _ result: ExchangeResult,
        _ segment: StoredSegment,
        _ isLast: Bool,
        _ error: ObjectStoreError,
        _ triesLeft: Int,
        _ mayRetry: Bool
    ) -> Step {
        switch result.end {
        case .answered(let answer) where 200...299 ~= answer.status && answer.etag == segment.object.md5:
            return keep(segment, isLast: isLast)
        case .answered(let answer) where 200...299 ~= answer.status || answer.status == 404:
            return beginAnew(error, mayPass: mayRetry)
        case .answered, .broke, .stopped, .outgrown:
            guard triesLeft > 0 else { return beginAnew(error, mayPass: mayRetry) }
            return ask(for: segment, isLast, otherwise: error, triesLeft: triesLeft - 1, mayRetry: mayRetry)
        }
    }

    private mutating func afterStoring(_ result: ExchangeResult, _ answer: StoreAnswer) -> Step {
        guard let sent = result.sent else { return discard(failures.takenTooEarly(answer)) }
        let segment = StoredSegment(name: current, object: sent)
        guard let etag = answer.etag else {
            let error = failures.unconfirmed(answer)
            return ask(for: segment, result.isLast, otherwise: error, mayRetry: false)
        }
        guard etag == sent.md5 else { return discard(failures.mismatch(answer)) }
        return keep(segment, isLast: result.isLast)
    }

    private mutating func afterFailure(
        _ result: ExchangeResult,
        _ error: ObjectStoreError,
        mayPass: Bool,
        mayBeStored: Bool,
        asked seconds: Int?
    ) -> Step {
        if mayBeStored, let sent = result.sent {
            let segment = StoredSegment(name: current, object: sent)
            return ask(for: segment, result.isLast, otherwise: error, mayRetry: mayPass)
        }
        guard result.isTouched else { return again(.putSegment(current), error, mayPass: mayPass, asked: seconds) }
        return beginAnew(error, mayPass: mayPass, asked: seconds)
    }

    private mutating func ask(
        for segment: StoredSegment,
        _ isLast: Bool,
        otherwise error: ObjectStoreError,
        triesLeft: Int = cleanUpTries - 1,
        mayRetry: Bool
    ) -> Step {
        state = .asking(segment, isLast: isLast, otherwise: error, triesLeft: triesLeft, mayRetry: mayRetry)
        return .headSegment(segment.name)
    }
}
