// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore

/// A request of a state machine.
package protocol StoreRequestKind {
    /// Whether the request settles or undoes an earlier one: it has its own time-out, and runs even after the upload's
    /// time-out and while the agent is stopping.
    var isCleanUp: Bool { get }
}

/// The next step of a state machine.
package enum StoreStep<Request: StoreRequestKind, Success: Sendable> {
    case request(Request)
    /// Wait; the error is the cause.
    case pause(Duration, because: ObjectStoreError)
    case finish(Result<Success, ObjectStoreError>)
}

extension StoreStep: Sendable where Request: Sendable {}

extension StoreStep: Equatable where Request: Equatable, Success: Equatable {}

/// Decides the next step from the result of each request, without side effects.
package protocol StoreStateMachine<Request, Success> {
    associatedtype Request: StoreRequestKind
    associatedtype Success: Sendable

    /// The most requests that clean-up may take.
    var cleanUpCount: Int { get }
    /// Whether a later request continues the current content.
    var keepsContent: Bool { get }

    /// Returns the first step.
    mutating func begin() -> StoreStep<Request, Success>

    /// Returns the step after a request.
    mutating func next(after result: ExchangeResult) -> StoreStep<Request, Success>

    /// Returns the step after a pause.
    mutating func nextAfterPause() -> StoreStep<Request, Success>

    /// Returns the step after the deadline or a cancellation: only clean-up, then the end.
    mutating func next(afterStop error: ObjectStoreError) -> StoreStep<Request, Success>
}

/// A failed request.
package struct FailedRequest {
    package var error: ObjectStoreError
    /// Whether another attempt may succeed.
    package var mayPass: Bool
    /// The value of `Retry-After`, in seconds.
    package var retryAfter: Int?
    /// Whether the store may have executed the request anyway.
    package var mayBeDone: Bool

    /// Creates a description of a request.
    package init(error: ObjectStoreError, mayPass: Bool = false, retryAfter: Int? = nil, mayBeDone: Bool = false) {
        self.error = error
        self.mayPass = mayPass
        self.retryAfter = retryAfter
        self.mayBeDone = mayBeDone
    }
}
