// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// Decides, from how each request has ended, what comes next in removing what an abandoned upload has left.
///
/// The object says which attempt's segments it consists of; the segments of all others are removed, and nothing else.
struct RemainsStateMachine: StoreStateMachine {
    typealias Step = StoreStep<Int>

    private indirect enum State {
        case asking
        case listing(after: String?)
        case removing([SegmentName], then: String)
        case pausing(then: StoreRequest, state: State)
    }

    private let failures: StoreFailures
    private let retries: RetryPolicy
    private let upload: UploadID
    private var state = State.asking
    /// The attempt whose segments the object consists of; nil if it has none of this upload.
    private var attemptInUse: UploadAttempt?
    private var requestFailures = 0
    private var removedCount = 0

    init(upload: UploadID, failures: StoreFailures, retries: RetryPolicy) {
        self.upload = upload
        self.failures = failures
        self.retries = retries
    }

    var cleanUpCount: Int { 0 }
    var keepsContent: Bool { false }

    func begin() -> Step { .request(.headObject(isSettling: false)) }

    mutating func next(after result: ExchangeResult) -> Step {
        switch state {
        case .asking: afterAsking(result)
        case .listing(let marker): afterListing(result, after: marker)
        case .removing(let segments, let marker): afterRemoving(result, segments, then: marker)
        case .pausing: nextAfterPause()
        }
    }

    mutating func nextAfterPause() -> Step {
        guard case .pausing(then: let request, state: let next) = state else { return list(after: nil) }
        state = next
        return .request(request)
    }

    func next(afterStop error: ObjectStoreError) -> Step { .finish(.failure(error)) }

    private mutating func afterAsking(_ result: ExchangeResult) -> Step {
        guard case .answered(let answer) = result.end, answer.isSuccess || answer.status == 404 else {
            return again(.headObject(isSettling: false), after: result)
        }
        guard answer.isSuccess else { return list(after: nil) }
        if answer.uploadID == upload { attemptInUse = answer.attempt }
        // Its headers were changed since: it may consist of any segments.
        let isKnown = answer.uploadID.map { $0 != upload || answer.attempt != nil } ?? false
        guard isKnown || !answer.isSegmented else { return .finish(.failure(failures.segmentsInUse())) }
        return list(after: nil)
    }

    private mutating func list(after marker: String?) -> Step {
        state = .listing(after: marker)
        return .request(.listSegments(after: marker))
    }

    private mutating func afterListing(_ result: ExchangeResult, after marker: String?) -> Step {
        guard case .answered(let answer) = result.end, answer.isSuccess || answer.status == 404 else {
            return again(.listSegments(after: marker), after: result)
        }
        requestFailures = 0
        guard answer.isSuccess else { return .finish(.success(removedCount)) }
        var names = answer.content.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
        if answer.isContentCut { names = names.dropLast() }
        // A store that ignores the marker would give the same page again without end.
        guard let last = names.last, last.utf8.elementsEqual((marker ?? "").utf8) == false else {
            return .finish(.success(removedCount))
        }
        let segments = names.compactMap { failures.address.segment(named: $0, of: upload) }
        return remove(segments.filter { $0.attempt != attemptInUse }, then: last)
    }

    private mutating func remove(_ segments: [SegmentName], then marker: String) -> Step {
        guard let last = segments.last else { return list(after: marker) }
        state = .removing(segments, then: marker)
        return .request(.deleteOrphan(last))
    }

    private mutating func afterRemoving(
        _ result: ExchangeResult,
        _ segments: [SegmentName],
        then marker: String
    ) -> Step {
        guard case .answered(let answer) = result.end, answer.isSuccess || answer.status == 404 else {
            return segments.last.map { again(.deleteOrphan($0), after: result) } ?? list(after: marker)
        }
        requestFailures = 0
        removedCount += 1
        return remove(segments.dropLast(), then: marker)
    }

    private mutating func again(_ request: StoreRequest, after result: ExchangeResult) -> Step {
        let failure = failures.failure(result, attempts: requestFailures + 1)
        requestFailures += 1
        guard failure.mayPass, requestFailures < retries.attempts else { return .finish(.failure(failure.error)) }
        state = .pausing(then: request, state: state)
        return .pause(retries.wait(after: requestFailures, asked: failure.retryAfter), because: failure.error)
    }
}
