// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// Steps for the object's metadata, its container, and a single PUT.
extension UploadStateMachine {
    mutating func afterAsking(_ result: ExchangeResult) -> Step {
        if case .answered(let answer) = result.end {
            if answer.isSuccess {
                return answer.uploadID == upload ? takeFound(answer) : discard(failures.exists())
            }
            // A write-only token cannot read metadata. Without a HEAD, only a new name rules out overwriting: not every
            // store supports If-None-Match.
            if answer.status == 404 || AnswerKind(answer.status) == .forbidden && isFresh {
                requestFailures = 0
                return sendContent()
            }
        }
        return again(.headObject(isSettling: false), after: failures.failure(result, attempts: attemptNumber))
    }

    mutating func afterCounting(_ result: ExchangeResult) -> Step {
        guard case .counted(let byteCount) = result.end else {
            return giveUp(failures.failure(result, attempts: attemptNumber).error)
        }
        contentBytes = byteCount
        return byteCount > segmentBytes && !isSegmented ? sendInSegments() : sendContent()
    }

    mutating func make(_ container: StoreContainer, then resumption: Resumption) -> Step {
        state = .makingContainer(container, then: resumption)
        return .request(.putContainer(container))
    }

    mutating func afterMaking(
        _ container: StoreContainer,
        _ result: ExchangeResult,
        then resumption: Resumption
    ) -> Step {
        var failure = failures.failure(result, attempts: attemptNumber)
        if case .answered(let answer) = result.end {
            if answer.isSuccess {
                requestFailures = 0
                hasMade.insert(container)
                return resume(resumption)
            }
            // Just after its creation, some of the store's servers may not know an account yet.
            if answer.status == 404 { failure.mayPass = true }
        }
        return again(.putContainer(container), after: failure)
    }

    mutating func afterSendingObject(_ result: ExchangeResult) -> Step {
        let candidate = result.sent.map { Candidate(object: $0, tag: $0.md5, attempt: attempt) }
        var failure = failures.failure(result, attempts: attemptNumber)
        switch result.end {
        case .outgrown: return sendInSegments()
        case .answered(let answer) where answer.isSuccess: return afterStoring(answer, candidate)
        case .answered(let answer):
            switch answer.status {
            case 404 where !hasMade.contains(.objects): return make(.objects, then: .beginAnew)
            case 411 where !sendsLength, 501 where !sendsLength:
                sendsLength = true
                return restart()
            case 412: return settle(Settlement(error: failure.error, ifMissing: .pause))
            case 417 where expectsContinue:
                expectsContinue = false
                return restart()
            // Just after its creation, some of the store's servers may not know a container yet.
            case 404: failure.mayPass = true
            default: break
            }
        case .broke, .stopped, .counted: break
        }
        if failure.mayBeDone, let candidate { candidates.append(candidate) }
        return beginAnew(after: failure)
    }

    /// Continues after the store has accepted the object or the manifest.
    ///
    /// - Parameter candidate: The object sent; nil if it was not sent completely.
    mutating func afterStoring(_ answer: StoreAnswer, _ candidate: Candidate?) -> Step {
        guard let candidate else {
            return settle(Settlement(error: failures.takenTooEarly(answer), isWrong: true))
        }
        guard let etag = answer.etag else {
            candidates.append(candidate)
            return settle(Settlement(error: failures.unconfirmed(answer)))
        }
        if etag.value == candidate.tag { return clean(then: .finish(.success(candidate.object))) }
        if etag.value == candidate.listMD5 {
            return settle(Settlement(error: failures.manifestStoredAsObject(answer), isWrong: true))
        }
        if etag.isMD5 { return settle(Settlement(error: failures.mismatch(answer), isWrong: true)) }
        candidates.append(candidate)
        return settle(Settlement(error: failures.incomparable(answer, isKept: true)))
    }
}
