// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// Decides the next step in removing the remains of an abandoned upload from the result of each request.
///
/// The object names the attempt whose segments it uses; all other attempts' segments are removed, and nothing else. The
/// manifest that a killed agent was sending may arrive meanwhile. So the object is queried again before anything is
/// removed, and once more at the end: an object of this upload with missing segments is removed, too.
struct RemainsStateMachine: StoreStateMachine {
    typealias Step = StoreStep<StoreRequest, Int>

    /// The reason for a query of the object.
    private enum Purpose {
        case begin
        case remove([SegmentName], then: String)
        case end
    }

    private indirect enum State {
        case asking(Purpose)
        case checking(SegmentCheck, Purpose)
        case removingDamagedObject
        case listing(after: String?)
        case removing([SegmentName], then: String)
        case pausing(then: StoreRequest, state: State)
    }

    private static let headObject = StoreRequest.headObject(isSettling: false)

    private let failures: StoreFailures
    private let retries: RetryPolicy
    private let upload: UploadID
    private var state = State.asking(.begin)
    /// The attempt whose segments the object uses; nil if it uses none of this upload.
    private var attemptInUse: UploadAttempt?
    /// The attempt whose segments were all found.
    private var wholeAttempt: UploadAttempt?
    private var requestFailures = 0
    private var removedCount = 0
    private var objectRemovals = 0

    init(upload: UploadID, failures: StoreFailures, retries: RetryPolicy) {
        self.upload = upload
        self.failures = failures
        self.retries = retries
    }

    var cleanUpCount: Int { 0 }
    var keepsContent: Bool { false }

    func begin() -> Step { .request(Self.headObject) }

    mutating func next(after result: ExchangeResult) -> Step {
        switch state {
        case .asking(let purpose): afterAsking(result, purpose)
        case .checking(let check, let purpose): afterChecking(result, check, purpose)
        case .removingDamagedObject: afterRemovingObject(result)
        case .listing(let marker): afterListing(result, after: marker)
        case .removing(let segments, let marker): afterRemoving(result, segments, then: marker)
        case .pausing: nextAfterPause()
        }
    }

    mutating func nextAfterPause() -> Step {
        guard case .pausing(then: let request, state: let next) = state else { return ask(.begin) }
        state = next
        return .request(request)
    }

    func next(afterStop error: ObjectStoreError) -> Step { .finish(.failure(error)) }

    // MARK: The object

    private mutating func ask(_ purpose: Purpose) -> Step {
        state = .asking(purpose)
        return .request(Self.headObject)
    }

    private mutating func afterAsking(_ result: ExchangeResult, _ purpose: Purpose) -> Step {
        if case .answered(let answer) = result.end, AnswerKind(answer.status) == .forbidden {
            return .finish(.failure(failures.cannotAsk(answer)))
        }
        guard case .answered(let answer) = result.end, answer.isSuccess || answer.status == 404 else {
            return again(Self.headObject, after: result)
        }
        requestFailures = 0
        attemptInUse = answer.isSuccess && answer.uploadID == upload ? answer.attempt : nil
        guard answer.isSuccess, answer.isSegmented else { return goOn(purpose) }
        // Without its headers, which may have been changed since, the object may use any segments.
        guard let owner = answer.uploadID else { return .finish(.failure(failures.segmentsInUse())) }
        guard owner == upload else { return goOn(purpose) }
        guard let check = SegmentCheck(of: answer, upload: upload) else {
            return .finish(.failure(failures.segmentsInUse()))
        }
        guard check.attempt != wholeAttempt else { return goOn(purpose) }
        return goOn(check, purpose)
    }

    private mutating func goOn(_ check: SegmentCheck, _ purpose: Purpose) -> Step {
        state = .checking(check, purpose)
        return .request(check.request)
    }

    private mutating func afterChecking(_ result: ExchangeResult, _ check: SegmentCheck, _ purpose: Purpose) -> Step {
        guard case .answered(let answer) = result.end, answer.isSuccess || answer.status == 404 else {
            return again(check.request, after: result)
        }
        requestFailures = 0
        var check = check
        switch check.take(answer) {
        case .incomplete: return goOn(check, purpose)
        case .whole:
            wholeAttempt = check.attempt
            return goOn(purpose)
        case .unknown: return .finish(.failure(failures.segmentsInUse()))
        case .damaged:
            // Otherwise, a store that keeps the object would cause an endless loop.
            guard objectRemovals < retries.attempts else { return .finish(.failure(failures.segmentsMissing())) }
            objectRemovals += 1
            state = .removingDamagedObject
            return .request(.deleteObject)
        }
    }

    private mutating func afterRemovingObject(_ result: ExchangeResult) -> Step {
        guard case .answered(let answer) = result.end, answer.isSuccess || answer.status == 404 else {
            // It may have been removed, and replaced by another object.
            state = .asking(.begin)
            return again(Self.headObject, after: result)
        }
        return ask(.begin)
    }

    private mutating func goOn(_ purpose: Purpose) -> Step {
        switch purpose {
        case .begin: list(after: nil)
        case .remove(let segments, let marker): remove(segments.filter { $0.attempt != attemptInUse }, then: marker)
        case .end: .finish(.success(removedCount))
        }
    }

    // MARK: The segments

    private mutating func list(after marker: String?) -> Step {
        state = .listing(after: marker)
        return .request(.listSegments(after: marker))
    }

    private mutating func afterListing(_ result: ExchangeResult, after marker: String?) -> Step {
        guard case .answered(let answer) = result.end, answer.isSuccess || answer.status == 404 else {
            return again(.listSegments(after: marker), after: result)
        }
        requestFailures = 0
        guard answer.isSuccess else { return end() }
        var names = answer.content.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
        if answer.isContentCut { names = names.dropLast() }
        // A store that ignores the marker would return the same page without end.
        guard let last = names.last, last.utf8.elementsEqual((marker ?? "").utf8) == false else { return end() }
        let segments = names.compactMap { failures.address.segment(named: $0, of: upload) }
        let unused = segments.filter { $0.attempt != attemptInUse }
        return unused.isEmpty ? list(after: last) : ask(.remove(unused, then: last))
    }

    private mutating func end() -> Step { removedCount > 0 ? ask(.end) : .finish(.success(0)) }

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

    // MARK: Failures

    private mutating func again(_ request: StoreRequest, after result: ExchangeResult) -> Step {
        let failure = failures.failure(result, attempts: requestFailures + 1)
        requestFailures += 1
        // The next call retries: an ARCHIVE need not wait for an unreachable store.
        if case .broke(let error) = result.end, error.kind.isAbsence { return .finish(.failure(failure.error)) }
        guard failure.mayPass, requestFailures < retries.attempts else { return .finish(.failure(failure.error)) }
        state = .pausing(then: request, state: state)
        return .pause(retries.wait(after: requestFailures, asked: failure.retryAfter), because: failure.error)
    }
}
