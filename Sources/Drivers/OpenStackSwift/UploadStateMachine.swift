// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// Decides, from how each request has ended, what comes next on the way of one object into its store.
///
/// Apart from the ordinary way there are these. A container that is missing is made. What may pass is tried again. An
/// attempt whose content was sent whole, but whose answer never came, may have succeeded: where a later one finds an
/// object in its place, or where all of them have failed, the store is asked whether it has the object after all. An
/// object with another checksum than ours is removed.
struct UploadStateMachine {
    /// What is to be done next.
    enum Step: Hashable {
        case putObject, putContainer, headObject, deleteObject
        /// Begin anew, in segments: there is more content than one object may have.
        case putSegments
        /// Wait, then send the object; the error says why.
        case pause(Duration, ObjectStoreError)
        case succeed(StoredObject)
        case fail(ObjectStoreError)
    }

    private enum State {
        case sending
        case makingContainer
        /// Asking for the object that an earlier attempt may have stored.
        case asking(StoredObject, otherwise: ObjectStoreError, triesLeft: Int, mayRetry: Bool)
        case removing(ObjectStoreError, triesLeft: Int)
    }

    private static let cleanUpTries = 3

    private let failures: StoreFailures
    private let retries: RetryPolicy
    private var state = State.sending
    private var attempts = 0
    private var hasMadeContainer = false
    /// What an attempt has sent whole without hearing of it.
    private var candidate: StoredObject?

    init(_ failures: StoreFailures, retries: RetryPolicy) {
        self.failures = failures
        self.retries = retries
    }

    /// Says what comes after a request.
    mutating func next(after result: ExchangeResult) -> Step {
        switch state {
        case .sending: afterSending(result)
        case .makingContainer: afterMakingContainer(result)
        case .asking(let object, let error, let tries, let mayRetry):
            afterAsking(result, object, error, tries, mayRetry)
        case .removing(let error, let tries): afterRemoving(result, error, tries)
        }
    }

    /// Says what comes after something on this side has put an end to it: the deadline, or a cancellation.
    mutating func next(afterStop error: ObjectStoreError) -> Step { giveUp(error) }

    private mutating func afterSending(_ result: ExchangeResult) -> Step {
        switch result.end {
        case .outgrown: return .putSegments
        case .stopped(let error):
            if let sent = result.sent { candidate = sent }
            return giveUp(error)
        case .broke(let error):
            if let sent = result.sent { candidate = sent }
            return again(failures.error(for: error), mayPass: error.kind.mayPass)
        case .answered(let answer) where 200...299 ~= answer.status: return afterStoring(answer, result.sent)
        case .answered(let answer) where answer.status == 404 && !hasMadeContainer:
            state = .makingContainer
            return .putContainer
        case .answered(let answer) where answer.status == 412 && candidate != nil:
            return ask(otherwise: failures.error(for: answer, attempts: attempts + 1), mayRetry: true)
        case .answered(let answer):
            let kind = AnswerKind(answer.status)
            // A server that fails after the last byte may have stored it all the same.
            if kind == .failed, let sent = result.sent { candidate = sent }
            // Just after its making, a container may still be unknown to some of the store's servers.
            let mayPass = kind.mayPass || answer.status == 404
            let error = failures.error(for: answer, attempts: attempts + 1)
            return again(error, mayPass: mayPass, asked: answer.retryAfter)
        }
    }

    private mutating func afterStoring(_ answer: StoreAnswer, _ sent: StoredObject?) -> Step {
        guard let sent else { return remove(failures.takenTooEarly(answer)) }
        guard let etag = answer.etag else {
            candidate = sent
            return ask(otherwise: failures.unconfirmed(answer), mayRetry: false)
        }
        guard etag == sent.md5 else { return remove(failures.mismatch(answer)) }
        return .succeed(sent)
    }

    private mutating func afterMakingContainer(_ result: ExchangeResult) -> Step {
        state = .sending
        switch result.end {
        case .answered(let answer) where 200...299 ~= answer.status:
            hasMadeContainer = true
            return .putObject
        case .answered(let answer):
            let error = failures.error(for: answer, attempts: attempts + 1)
            return again(error, mayPass: AnswerKind(answer.status).mayPass, asked: answer.retryAfter)
        case .broke(let error): return again(failures.error(for: error), mayPass: error.kind.mayPass)
        case .stopped(let error): return giveUp(error)
        case .outgrown: return .putSegments
        }
    }

    private mutating func afterAsking(
        _ result: ExchangeResult,
        _ object: StoredObject,
        _ error: ObjectStoreError,
        _ triesLeft: Int,
        _ mayRetry: Bool
    ) -> Step {
        switch result.end {
        case .answered(let answer) where 200...299 ~= answer.status:
            return answer.etag == object.md5 ? .succeed(object) : .fail(error)
        case .answered(let answer) where answer.status == 404:
            state = .sending
            guard mayRetry else { return .fail(error) }
            candidate = nil
            return again(error, mayPass: true)
        case .answered, .broke, .stopped, .outgrown:
            guard triesLeft > 0 else { return .fail(failures.inDoubt(error)) }
            state = .asking(object, otherwise: error, triesLeft: triesLeft - 1, mayRetry: mayRetry)
            return .headObject
        }
    }

    private mutating func afterRemoving(_ result: ExchangeResult, _ error: ObjectStoreError, _ triesLeft: Int) -> Step {
        if case .answered(let answer) = result.end, 200...299 ~= answer.status || answer.status == 404 {
            return .fail(error)
        }
        guard triesLeft > 0 else { return .fail(failures.leftBehind(error)) }
        state = .removing(error, triesLeft: triesLeft - 1)
        return .deleteObject
    }

    private mutating func again(_ error: ObjectStoreError, mayPass: Bool, asked seconds: Int? = nil) -> Step {
        attempts += 1
        guard mayPass, attempts < retries.attempts else { return giveUp(error) }
        return .pause(retries.wait(after: attempts, asked: seconds), error)
    }

    private mutating func giveUp(_ error: ObjectStoreError) -> Step {
        candidate == nil ? .fail(error) : ask(otherwise: error, mayRetry: false)
    }

    private mutating func ask(otherwise error: ObjectStoreError, mayRetry: Bool) -> Step {
        guard let candidate else { return .fail(error) }
        state = .asking(candidate, otherwise: error, triesLeft: Self.cleanUpTries - 1, mayRetry: mayRetry)
        return .headObject
    }

    private mutating func remove(_ error: ObjectStoreError) -> Step {
        state = .removing(error, triesLeft: Self.cleanUpTries - 1)
        return .deleteObject
    }
}
