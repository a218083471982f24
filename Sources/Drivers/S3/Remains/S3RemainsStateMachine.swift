// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// Decides the next step in removing the remains of an abandoned upload: the parts of multipart uploads that were
/// neither completed nor aborted.
///
/// A store lists such uploads by key, without metadata. All uploads of the object's key are aborted. The key contains
/// the load balancer and the second, so another upload of the same key most likely comes from the same agent. If it
/// belongs to another agent, that agent gets NoSuchUpload and restarts its upload.
struct S3RemainsStateMachine: StoreStateMachine {
    typealias Step = StoreStep<S3Request, Int>

    private enum State {
        case listing
        /// Aborting an upload; `isCut` is whether the list may have more.
        case aborting([String], isCut: Bool)
        indirect case pausing(then: S3Request, state: State)
    }

    private let failures: S3Failures
    private let retries: RetryPolicy
    private var state = State.listing
    /// The uploads removed so far; a store that still lists them would otherwise cause an endless loop.
    private var removed: Set<String> = []
    private var requestFailures = 0

    init(failures: S3Failures, retries: RetryPolicy) {
        self.failures = failures
        self.retries = retries
    }

    var cleanUpCount: Int { 0 }
    var keepsContent: Bool { false }

    func begin() -> Step { .request(.listUploads(isCleanUp: false)) }

    mutating func next(after result: ExchangeResult) -> Step {
        switch state {
        case .listing: afterListing(result)
        case .aborting(let ids, let isCut): afterAborting(result, ids, isCut: isCut)
        case .pausing: nextAfterPause()
        }
    }

    mutating func nextAfterPause() -> Step {
        guard case .pausing(then: let request, state: let next) = state else { return list() }
        state = next
        return .request(request)
    }

    func next(afterStop error: ObjectStoreError) -> Step { .finish(.failure(error)) }

    private mutating func list() -> Step {
        state = .listing
        return .request(.listUploads(isCleanUp: false))
    }

    private mutating func afterListing(_ result: ExchangeResult) -> Step {
        guard case .answered(let answer) = result.end, answer.isSuccess || answer.status == 404 else {
            return again(.listUploads(isCleanUp: false), after: result)
        }
        requestFailures = 0
        // A missing bucket contains no remains.
        guard answer.isSuccess else { return .finish(.success(removed.count)) }
        guard let listing = UploadListing(answer, key: failures.address.path.name) else {
            return .finish(.failure(failures.noListing(answer)))
        }
        return abort(listing.ids.filter { !removed.contains($0) }, isCut: listing.isCut)
    }

    private mutating func abort(_ ids: [String], isCut: Bool) -> Step {
        guard let last = ids.last else { return .finish(.success(removed.count)) }
        state = .aborting(ids, isCut: isCut)
        return .request(.abortOrphan(last))
    }

    private mutating func afterAborting(_ result: ExchangeResult, _ ids: [String], isCut: Bool) -> Step {
        guard let last = ids.last else { return list() }
        guard case .answered(let answer) = result.end, answer.isSuccess || answer.status == 404 else {
            return again(.abortOrphan(last), after: result)
        }
        requestFailures = 0
        removed.insert(last)
        guard ids.count > 1 else { return isCut ? list() : .finish(.success(removed.count)) }
        return abort(ids.dropLast(), isCut: isCut)
    }

    private mutating func again(_ request: S3Request, after result: ExchangeResult) -> Step {
        let failure = failures.failure(result, attempts: requestFailures + 1)
        requestFailures += 1
        // The next call retries: an ARCHIVE need not wait for an unreachable store.
        if case .broke(let error) = result.end, error.kind.isAbsence { return .finish(.failure(failure.error)) }
        guard failure.mayPass, requestFailures < retries.attempts else { return .finish(.failure(failure.error)) }
        state = .pausing(then: request, state: state)
        return .pause(retries.wait(after: requestFailures, asked: failure.retryAfter), because: failure.error)
    }
}
