// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Testing

@testable import HTTPStores
@testable import OpenStackSwiftStore

@Suite("The next step of an upload whose object exists in segments")
struct FoundObjectTests {
    private typealias Fixture = MachineFixture

    private var upload: MachineFixture
    private let earlier = UploadAttempt(number: 1)
    private let md5 = "0123456789abcdef0123456789abcdef"

    init() throws { upload = try MachineFixture(isAsked: false) }

    @Test("it is the result once all its segments are found")
    mutating func whole() throws {
        let etag = try MD5Digest.hexDigits(of: Array((md5 + md5).utf8))
        #expect(upload.next(object(etag: "\"\(etag)\"")) == check(0))
        #expect(upload.next(upload.answered(200, etag: md5, byteCount: 10)) == check(1))
        let found = StoredObject(md5: "", byteCount: 15, wasFound: true)
        #expect(upload.next(upload.answered(200, etag: md5, byteCount: 5)) == .succeeded(found))
    }

    @Test("it is replaced if a segment is missing, has another checksum or another size", arguments: [0, 1, 2, 3])
    mutating func damaged(_ kind: Int) {
        #expect(upload.next(object(etag: md5)) == check(0))
        #expect(upload.next(upload.answered(200, etag: md5, byteCount: 10)) == check(1))
        let answers = [
            upload.answered(404), upload.answered(200, etag: md5, byteCount: 5),
            upload.answered(200, etag: md5, byteCount: 6), upload.answered(200, etag: md5, byteCount: .max),
        ]
        #expect(upload.next(answers[kind]) == Fixture.deleteObject)
        #expect(upload.next(upload.answered(204)).isPause)
        guard case .request(.putObject) = upload.machine.nextAfterPause() else {
            Issue.record("the object is not sent again")
            return
        }
    }

    @Test("it is not replaced repeatedly")
    mutating func bounded() {
        var step = upload.next(object(etag: md5))
        var count = 0
        while step.error == nil, count < 100 {
            count += 1
            switch step {
            case .request(.checkSegment): step = upload.next(upload.answered(404))
            case .request(.deleteObject): step = upload.next(upload.answered(204))
            case .request(.putObject): step = upload.next(upload.answered(412))
            case .request(.headObject): step = upload.next(object(etag: md5))
            case .pause: step = upload.machine.nextAfterPause()
            default: Issue.record("unexpected: \(step)")
            }
        }
        #expect(step.code == .checksumMismatch && step.error?.mayBeStored == true)
    }

    @Test("a store without a response for a segment ends it; the object may exist")
    mutating func silent() {
        _ = upload.next(object(etag: md5))
        for _ in 0..<2 {
            #expect(upload.next(upload.answered(503)).isPause)
            #expect(upload.machine.nextAfterPause() == check(0))
        }
        let step = upload.next(upload.answered(503))
        #expect(step.code == .unavailable && step.error?.mayBeStored == true)
    }

    @Test("a corrupt object that cannot be removed ends it")
    mutating func stays() {
        var step = upload.next(object(etag: md5))
        for _ in 0..<2 {
            #expect(step == check(0))
            #expect(upload.next(upload.answered(404)) == Fixture.deleteObject)
            #expect(upload.next(upload.answered(503)).isPause)
            #expect(upload.machine.nextAfterPause() == .request(.headObject(isSettling: false)))
            step = upload.next(object(etag: md5))
        }
        _ = upload.next(upload.answered(404))
        #expect(upload.next(upload.answered(503)).code == .unavailable)
    }

    @Test("without its attempt or its size, it is not accepted as complete", arguments: [true, false])
    mutating func unknown(_ hasSize: Bool) {
        let step = upload.next(object(etag: md5, attempt: hasSize ? nil : earlier, byteCount: hasSize ? 15 : nil))
        #expect(step.code == .refused && step.error?.mayBeStored == true)
    }

    private func check(_ number: Int) -> StoreStep<StoreRequest, StoredObject> {
        .request(.checkSegment(upload.segment(number, attempt: 1)))
    }

    private func object(etag: String) -> ExchangeResult { object(etag: etag, attempt: earlier, byteCount: 15) }

    private func object(etag: String, attempt: UploadAttempt?, byteCount: UInt64?) -> ExchangeResult {
        var headers = ["ETag: \(etag)", "X-Static-Large-Object: True", "\(StoreHeader.upload): \(Fixture.upload)"]
        if let attempt { headers.append("\(StoreHeader.attempt): \(attempt)") }
        if let byteCount { headers.append("Content-Length: \(byteCount)") }
        return ExchangeResult(end: .answered(StoreAnswer(status: 200, headers: headers)))
    }
}
