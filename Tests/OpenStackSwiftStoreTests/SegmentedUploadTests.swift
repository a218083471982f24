// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Testing

@testable import HTTPStores
@testable import OpenStackSwiftStore

@Suite("The next step of an upload in segments")
struct SegmentedUploadTests {
    private typealias Fixture = MachineFixture

    private var upload: MachineFixture
    private var object: StoredObject { upload.object }

    init() throws { upload = try MachineFixture(byteEstimate: 11) }

    @Test("with an estimate above the segment size, segments are used from the first byte, otherwise not")
    func estimate() throws {
        for estimate in [nil, 0, 10] as [UInt64?] { _ = try MachineFixture(byteEstimate: estimate) }
    }

    @Test("segments and manifest are sent, and the object is stored")
    mutating func stored() throws {
        #expect(upload.next(upload.taken(isLast: false)) == upload.putSegment(1))
        let manifest = try upload.manifest(2)
        #expect(upload.next(upload.taken(isLast: true)) == .request(.putManifest(manifest, expectsContinue: true)))
        #expect(upload.next(upload.answered(201, etag: manifest.etag, sent: object)) == .succeeded(object))
    }

    @Test("a segment that is rejected before its first byte is retried on its own, up to a limit")
    mutating func refused() {
        _ = upload.next(upload.taken(isLast: false))
        for _ in 0..<2 {
            #expect(upload.next(upload.answered(503)).isPause)
            #expect(upload.machine.keepsContent)
            #expect(upload.machine.nextAfterPause() == upload.putSegment(1))
        }
        #expect(upload.next(upload.answered(503)) == upload.delete(1))
        #expect(upload.next(upload.answered(404)) == upload.delete(0))
        #expect(upload.next(upload.answered(204)).code == .unavailable)
    }

    @Test("an interrupted segment restarts the content, after the stored segments are removed")
    mutating func broken() {
        _ = upload.next(upload.taken(isLast: false))
        #expect(upload.next(upload.broke(isTouched: true)).isPause)
        #expect(!upload.machine.keepsContent)
        #expect(upload.machine.nextAfterPause() == upload.delete(1))
        #expect(upload.next(upload.answered(404)) == upload.delete(0))
        #expect(upload.next(upload.answered(204)) == upload.putSegment(0, attempt: 8))
    }

    @Test("a segment whose response was lost is queried")
    mutating func lostAnswer() {
        let lost = upload.broke(sent: object, isLast: false)
        #expect(upload.next(lost) == .request(.headSegment(upload.segment(0))))
        var absent = upload
        #expect(absent.next(absent.answered(404)).isPause)
        #expect(upload.next(upload.answered(200, etag: object.md5)) == upload.putSegment(1))
    }

    @Test("a segment with a weak ETag is queried, one with a wrong MD5 ends it")
    mutating func checksums() {
        var wrong = upload
        #expect(upload.next(upload.answered(201, etag: "W/\"\(object.md5)\"", sent: object)).error == nil)
        let other = "00000000000000000000000000000000"
        #expect(wrong.next(wrong.answered(201, etag: other, sent: object)) == wrong.delete(0))
        #expect(wrong.next(wrong.answered(204)).code == .checksumMismatch)
    }

    @Test("segments that cannot be removed are named in the error")
    mutating func leftBehind() {
        let error = ObjectStoreError(.cancelled, "stopping")
        #expect(upload.next(ExchangeResult(end: .stopped(error))) == upload.delete(0))
        for _ in 0..<2 { #expect(upload.next(upload.answered(503)) == upload.delete(0)) }
        let step = upload.next(upload.answered(503))
        #expect(step.code == .cancelled)
        #expect(step.error?.message.contains("c_segments/lb/haproxy-") == true)
    }

    @Test("segments are kept as long as the store does not report whether the manifest exists")
    mutating func unclear() {
        _ = upload.next(upload.taken(isLast: true))
        for _ in 0..<2 {
            #expect(upload.next(upload.broke(isTouched: true)).isPause)
            #expect(upload.machine.nextAfterPause() == Fixture.settle)
            _ = upload.next(upload.answered(404))
        }
        #expect(upload.next(upload.broke(isTouched: true)) == Fixture.settle)
        var absent = upload
        #expect(absent.next(absent.answered(404)) == absent.delete(1))
        for _ in 0..<2 { #expect(upload.next(upload.answered(503)) == Fixture.settle) }
        let step = upload.next(upload.answered(503))
        #expect(step.code == .timedOut && step.error?.mayBeStored == true)
        #expect(step.error?.message.contains("may exist anyway") == true)
    }

    @Test("an object of another upload in its place is kept, and the segments are removed")
    mutating func foreign() {
        _ = upload.next(upload.taken(isLast: true))
        #expect(upload.next(upload.answered(412)) == Fixture.settle)
        #expect(upload.next(upload.answered(200, etag: "f", upload: UploadID())) == upload.delete(1))
        #expect(upload.next(upload.answered(404)) == upload.delete(0))
        #expect(upload.next(upload.answered(204)).code == .alreadyExists)
    }

    @Test("the object of an earlier attempt in its place is the result, and this one's segments are removed")
    mutating func earlierAttempt() {
        _ = upload.next(upload.taken(isLast: true))
        #expect(upload.next(upload.answered(412)) == Fixture.settle)
        let earlier = UploadAttempt(number: 1)
        let answer = upload.answered(200, etag: "f", upload: Fixture.upload, attempt: earlier, byteCount: 9)
        #expect(upload.next(answer) == upload.delete(1))
        #expect(upload.next(upload.answered(404)) == upload.delete(0))
        #expect(upload.next(upload.answered(204)) == .succeeded(.init(md5: "", byteCount: 9, wasFound: true)))
    }

    @Test("a manifest whose response was lost, then 412: it is ours, and all its segments are kept")
    mutating func lostManifest() throws {
        let manifest = try upload.manifest(1)
        _ = upload.next(upload.taken(isLast: true))
        #expect(upload.next(upload.broke(isTouched: true)).isPause)
        #expect(upload.machine.nextAfterPause() == Fixture.settle)
        var found = upload
        #expect(upload.next(upload.answered(404)) == .request(.putManifest(manifest, expectsContinue: true)))
        #expect(upload.next(upload.answered(412)) == Fixture.settle)
        var absent = upload
        let ours = upload.answered(200, etag: manifest.etag, upload: Fixture.upload, attempt: upload.attempt)
        #expect(upload.next(ours) == .succeeded(object))
        #expect(found.next(ours) == .succeeded(object))
        #expect(absent.next(absent.answered(404)).isPause)
        #expect(absent.machine.nextAfterPause() == Fixture.settle)
        #expect(absent.next(absent.answered(404)) == .request(.putManifest(manifest, expectsContinue: true)))
    }

    @Test("a missing container of the object is created, and the manifest is sent again")
    mutating func container() throws {
        let manifest = try upload.manifest(1)
        _ = upload.next(upload.taken(isLast: true))
        #expect(upload.next(upload.answered(404)) == .request(.putContainer(.objects)))
        #expect(upload.next(upload.answered(201)) == .request(.putManifest(manifest, expectsContinue: true)))
    }

    @Test("a store that stores the manifest as an object lacks Static Large Objects; nothing remains")
    mutating func noLargeObjects() throws {
        let list = try upload.manifest(1).listMD5
        _ = upload.next(upload.taken(isLast: true))
        #expect(upload.next(upload.answered(201, etag: list, sent: object)) == Fixture.settle)
        var foreign = upload
        let ours = upload.answered(200, etag: list, upload: Fixture.upload, attempt: upload.attempt)
        #expect(upload.next(ours) == Fixture.deleteObject)
        #expect(upload.next(upload.answered(204)) == upload.delete(1))
        #expect(upload.next(upload.answered(404)) == upload.delete(0))
        let step = upload.next(upload.answered(204))
        #expect(step.code == .unsupported)
        #expect(step.error?.message.contains("raise archive.segment_bytes") == true)
        // Without its headers, it may belong to another upload.
        #expect(foreign.next(foreign.answered(200, etag: list)) == foreign.delete(1))
    }

    @Test("a store that rejects the manifest", arguments: [400, 405, 501])
    mutating func manifestRefused(_ status: Int) {
        _ = upload.next(upload.taken(isLast: true))
        #expect(upload.next(upload.answered(status)) == upload.delete(1))
        _ = upload.next(upload.answered(404))
        let step = upload.next(upload.answered(204))
        #expect(step.code == .unsupported)
        #expect(step.error?.message.contains("maybe for lack of Static Large Objects (HTTP \(status)") == true)
    }

    @Test("417 sends the same segment again without Expect")
    mutating func expectationFailed() {
        _ = upload.next(upload.taken(isLast: false))
        #expect(upload.next(upload.answered(417)) == upload.putSegment(1, expectsContinue: false))
    }

    @Test("411 removes the stored segments, counts the content and restarts")
    mutating func lengthRequired() {
        _ = upload.next(upload.taken(isLast: false))
        #expect(upload.next(upload.answered(411)) == upload.delete(1))
        #expect(upload.next(upload.answered(404)) == upload.delete(0))
        #expect(upload.next(upload.answered(204)) == .request(.countContent))
        let counted = ExchangeResult(end: .counted(20))
        #expect(upload.next(counted) == upload.putSegment(0, attempt: 8, byteCount: 10, isLast: false))
        #expect(
            upload.next(upload.taken(isLast: false)) == upload.putSegment(1, attempt: 8, byteCount: 10, isLast: true)
        )
    }

    @Test("too many segments end it")
    mutating func tooMany() {
        for _ in 1..<SegmentManifest.greatestCount { _ = upload.next(upload.taken(isLast: false)) }
        var step = upload.next(upload.taken(isLast: false))
        var count = 0
        while case .request(.deleteSegment) = step {
            step = upload.next(upload.answered(204))
            count += 1
        }
        #expect(count > SegmentManifest.greatestCount)
        #expect(step.code == .tooLarge)
        #expect(step.error?.message.contains("raise archive.segment_bytes") == true)
    }
}
