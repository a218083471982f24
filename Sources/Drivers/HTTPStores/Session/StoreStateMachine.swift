// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore

/// What a state machine wants to be requested.
package protocol StoreRequestKind {
    /// Whether the request settles or undoes what was requested before: it has a time of its own, also after the upload's
    /// time is over, and while the agent is stopping.
    var isCleanUp: Bool { get }
}

/// What a state machine wants to be done next.
package enum StoreStep<Request: StoreRequestKind, Success: Sendable> {
    case request(Request)
    /// Wait; the error says why.
    case pause(Duration, because: ObjectStoreError)
    case finish(Result<Success, ObjectStoreError>)
}

extension StoreStep: Sendable where Request: Sendable {}

extension StoreStep: Equatable where Request: Equatable, Success: Equatable {}

/// Decides, from how each request has ended, what comes next, and does nothing itself.
package protocol StoreStateMachine<Request, Success> {
    associatedtype Request: StoreRequestKind
    associatedtype Success: Sendable

    /// How many requests cleaning up may take.
    var cleanUpCount: Int { get }
    /// Whether a later request goes on with the content that was begun.
    var keepsContent: Bool { get }

    /// Says what comes first.
    mutating func begin() -> StoreStep<Request, Success>

    /// Says what comes after a request.
    mutating func next(after result: ExchangeResult) -> StoreStep<Request, Success>

    /// Says what comes after a pause.
    mutating func nextAfterPause() -> StoreStep<Request, Success>

    /// Says what comes after the deadline or a cancellation: nothing but cleaning up, then the end.
    mutating func next(afterStop error: ObjectStoreError) -> StoreStep<Request, Success>
}

/// A request that was in vain.
package struct FailedRequest {
    package var error: ObjectStoreError
    /// Whether another attempt may succeed.
    package var mayPass: Bool
    /// The seconds after which the store wants to be asked again.
    package var retryAfter: Int?
    /// Whether the store may have done what was requested all the same.
    package var mayBeDone: Bool

    /// Creates a description of a request.
    package init(error: ObjectStoreError, mayPass: Bool = false, retryAfter: Int? = nil, mayBeDone: Bool = false) {
        self.error = error
        self.mayPass = mayPass
        self.retryAfter = retryAfter
        self.mayBeDone = mayBeDone
    }
}
