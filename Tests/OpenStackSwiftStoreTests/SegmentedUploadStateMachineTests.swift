// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Testing

@testable import OpenStackSwiftStore

@Suite("What comes next in an upload in segments")
struct SegmentedUploadStateMachineTests {
    private var machine: SegmentedUploadStateMachine
    private let object = StoredObject(md5: "0123456789abcdef0123456789abcdef", byteCount: 5)
    private let reset = CurlError.stalled(.seconds(1))

    init() throws {
        let address = ObjectAddress(
            path: try TestUpload.path(in: "c", "lb"),
            endpoint: try StorageEndpoint("https://store.example/v1/a"),
            token: try StorageToken("secret")
        )
        var retries = RetryPolicy()
        retries.attempts = 3
        machine = SegmentedUploadStateMachine(StoreFailures(address: address), retries: retries, attempt: 7)
        #expect(machine.begin() == .putContainer)
        #expect(machine.next(after: answered(201)) == .putSegment(segment(0)))
    }

    @Test("segments, their list, and the object is there")
    mutating func stored() throws {
        #expect(machine.next(after: taken(isLast: false)) == .putSegment(segment(1)))
        let manifest = SegmentManifest(segments: (0..<2).map { StoredSegment(name: segment($0), object: object) })
        #expect(machine.next(after: taken(isLast: true)) == .putManifest(manifest))
        let etag = try manifest.makeETag()
        #expect(machine.next(after: answered(201, etag: etag)) == .succeed(leftBehind: 0))
    }

    @Test("one that is refused before its first byte is tried again by itself, but not for ever")
    mutating func refused() {
        _ = machine.next(after: taken(isLast: false))
        for _ in 0..<2 {
            #expect(pauses(machine.next(after: answered(503))))
            #expect(machine.nextAfterPause() == .putSegment(segment(1)))
        }
        #expect(machine.next(after: answered(503)) == .deleteSegment(segment(1)))
        #expect(machine.next(after: answered(404)) == .deleteSegment(segment(0)))
        #expect(code(machine.next(after: answered(204))) == .unavailable)
    }

    @Test("one that breaks in its midst begins the content anew, once what is stored was removed")
    mutating func broken() {
        _ = machine.next(after: taken(isLast: false))
        #expect(pauses(machine.next(after: ExchangeResult(end: .broke(reset), isTouched: true))))
        #expect(machine.nextAfterPause() == .deleteSegment(segment(1)))
        #expect(machine.next(after: answered(404)) == .deleteSegment(segment(0)))
        #expect(machine.next(after: answered(204)) == .putSegment(SegmentName(attempt: 8, number: 0)))
    }

    @Test("one whose answer was lost is asked for")
    mutating func lostAnswer() {
        let lost = ExchangeResult(end: .broke(reset), sent: object, isTouched: true, isLast: false)
        #expect(machine.next(after: lost) == .headSegment(segment(0)))
        var absent = machine
        #expect(pauses(absent.next(after: answered(404))))
        #expect(machine.next(after: answered(200, etag: object.md5)) == .putSegment(segment(1)))
    }

    @Test("segments that cannot be removed are named in the error")
    mutating func leftBehind() {
        let error = ObjectStoreError(.cancelled, "stopping")
        #expect(machine.next(after: ExchangeResult(end: .stopped(error))) == .deleteSegment(segment(0)))
        for _ in 0..<2 { #expect(machine.next(after: answered(503)) == .deleteSegment(segment(0))) }
        let step = machine.next(after: answered(503))
        #expect(code(step) == .cancelled)
        #expect(message(step)?.contains("c_segments/lb/haproxy-") == true)
    }

    @Test("a list that may be there keeps its segments, as long as nobody knows")
    mutating func unclear() {
        _ = machine.next(after: taken(isLast: true))
        for _ in 0..<2 {
            #expect(pauses(machine.next(after: ExchangeResult(end: .broke(reset), isTouched: true))))
            _ = machine.nextAfterPause()
        }
        #expect(machine.next(after: ExchangeResult(end: .broke(reset), isTouched: true)) == .headManifest)
        var absent = machine
        #expect(absent.next(after: answered(404)) == .deleteSegment(SegmentName(attempt: 7, number: 1)))
        for _ in 0..<2 { #expect(machine.next(after: answered(503)) == .headManifest) }
        let step = machine.next(after: answered(503))
        #expect(code(step) == .timedOut)
        #expect(message(step)?.contains("may be there all the same") == true)
    }

    @Test("somebody else's object in its place stays, and the segments go")
    mutating func foreign() {
        _ = machine.next(after: taken(isLast: true))
        guard case .deleteSegment = machine.next(after: answered(412)) else {
            Issue.record("the segments are not removed")
            return
        }
        _ = machine.next(after: answered(404))
        #expect(code(machine.next(after: answered(204))) == .alreadyExists)
    }

    @Test("more segments than a list may have end it")
    mutating func tooMany() {
        for _ in 1..<SegmentManifest.greatestCount { _ = machine.next(after: taken(isLast: false)) }
        guard case .deleteSegment = machine.next(after: taken(isLast: false)) else {
            Issue.record("the upload goes on")
            return
        }
        var step = machine.next(after: answered(204))
        while case .deleteSegment = step { step = machine.next(after: answered(204)) }
        #expect(code(step) == .tooLarge)
        #expect(message(step)?.contains("raise archive.segment_bytes") == true)
    }

    private func segment(_ number: Int) -> SegmentName { SegmentName(attempt: 7, number: number) }

    private func taken(isLast: Bool) -> ExchangeResult {
        let end = ExchangeResult.End.answered(StoreAnswer(status: 201, etag: object.md5))
        return ExchangeResult(end: end, sent: object, isTouched: true, isLast: isLast)
    }

    private func answered(_ status: Int, etag: String? = nil) -> ExchangeResult {
        ExchangeResult(end: .answered(StoreAnswer(status: status, etag: etag)))
    }

    private func pauses(_ step: SegmentedUploadStateMachine.Step) -> Bool {
        if case .pause = step { true } else { false }
    }

    private func code(_ step: SegmentedUploadStateMachine.Step) -> ObjectStoreError.Code? {
        if case .fail(let error) = step { error.code } else { nil }
    }

    private func message(_ step: SegmentedUploadStateMachine.Step) -> String? {
        if case .fail(let error) = step { error.message } else { nil }
    }
}
