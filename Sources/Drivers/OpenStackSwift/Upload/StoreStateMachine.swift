// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// What a state machine wants to be done next.
enum StoreStep<Success: Sendable> {
    case request(StoreRequest)
    /// Wait; the error says why.
    case pause(Duration, because: ObjectStoreError)
    case finish(Result<Success, ObjectStoreError>)
}

extension StoreStep: Equatable where Success: Equatable {}

/// Decides, from how each request has ended, what comes next, and does nothing itself.
protocol StoreStateMachine<Success> {
    associatedtype Success: Sendable

    /// How many requests cleaning up may take.
    var cleanUpCount: Int { get }
    /// Whether a later request goes on with the content that was begun.
    var keepsContent: Bool { get }

    /// Says what comes first.
    mutating func begin() -> StoreStep<Success>

    /// Says what comes after a request.
    mutating func next(after result: ExchangeResult) -> StoreStep<Success>

    /// Says what comes after a pause.
    mutating func nextAfterPause() -> StoreStep<Success>

    /// Says what comes after the deadline or a cancellation: nothing but cleaning up, then the end.
    mutating func next(afterStop error: ObjectStoreError) -> StoreStep<Success>
}

/// A request that was in vain.
struct FailedRequest {
    var error: ObjectStoreError
    /// Whether another attempt may succeed.
    var mayPass = false
    /// The seconds after which the store wants to be asked again.
    var retryAfter: Int?
    /// Whether the store may have done what was requested all the same.
    var mayBeDone = false
}

extension StoreFailures {
    /// What it means that a request had no success.
    func failure(_ result: ExchangeResult, attempts: Int) -> FailedRequest {
        switch result.end {
        case .answered(let answer):
            let kind = AnswerKind(answer.status)
            return FailedRequest(
                error: error(for: answer, attempts: attempts),
                mayPass: kind.mayPass,
                retryAfter: answer.retryAfter,
                // A server that fails after the last byte may have stored it all the same.
                mayBeDone: kind == .failed || kind == .gaveUp
            )
        case .broke(let error):
            return FailedRequest(error: self.error(for: error), mayPass: error.kind.mayPass, mayBeDone: true)
        case .stopped(let error): return FailedRequest(error: error, mayBeDone: true)
        // Of a request whose content has no such limit.
        case .outgrown, .counted: return FailedRequest(error: tooManySegments())
        }
    }
}
