// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Testing

@testable import HTTPStores
@testable import OpenStackSwiftStore

@Suite("The next step of an upload in one object")
struct UploadStateMachineTests {
    private typealias Fixture = MachineFixture

    private var upload: MachineFixture
    private var object: StoredObject { upload.object }

    init() throws { upload = try MachineFixture() }

    @Test("an object of the same upload is found, and no content is read")
    func found() throws {
        var asked = try MachineFixture(isAsked: false)
        var other = asked
        let found = StoredObject(md5: "", byteCount: 9, wasFound: true)
        #expect(asked.next(asked.answered(200, etag: "x", upload: Fixture.upload, byteCount: 9)) == .succeeded(found))
        let step = other.next(other.answered(200, etag: other.object.md5, upload: UploadID()))
        #expect(step.code == .alreadyExists && step.error?.mayBeStored == false)
        #expect(step.error?.message.contains("c/lb/haproxy-19700101-000000.log.gz is unchanged") == true)
    }

    @Test("an object without an upload's identifier is not ours")
    func foreign() throws {
        var asked = try MachineFixture(isAsked: false)
        #expect(asked.next(asked.answered(200, etag: asked.object.md5)).code == .alreadyExists)
    }

    @Test("the first request is retried as often as any other")
    func askedAgain() throws {
        var asked = try MachineFixture(isAsked: false)
        var refused = asked
        #expect(refused.next(refused.answered(401)).code == .unauthorized)
        for _ in 0..<2 {
            #expect(asked.next(asked.broke()).isPause)
            #expect(asked.machine.nextAfterPause() == .request(.headObject(isSettling: false)))
        }
        let step = asked.next(asked.answered(503))
        #expect(step.code == .unavailable && step.error?.mayBeStored == false)
    }

    @Test("the object may be stored only if some of it was sent, or if an earlier call may have sent it")
    func mayBeStored() throws {
        for isFresh in [true, false] {
            let asked = try MachineFixture(isFresh: isFresh, isAsked: false)
            var (silent, stopped, container) = (asked, asked, asked)
            for _ in 0..<2 { _ = (silent.next(silent.broke()), silent.machine.nextAfterPause()) }
            #expect(silent.next(silent.broke()).error?.mayBeStored == !isFresh)
            let error = ObjectStoreError(.cancelled, "stopping")
            #expect(stopped.machine.next(afterStop: error).error?.mayBeStored == !isFresh)
            _ = container.next(container.answered(404))
            #expect(container.machine.next(afterStop: error).error?.mayBeStored == true)
        }
        var segments = try MachineFixture(byteEstimate: 100)
        for _ in 0..<2 { _ = (segments.next(segments.broke()), segments.machine.nextAfterPause()) }
        var step = segments.next(segments.broke())
        while case .request = step { step = segments.next(segments.answered(404)) }
        #expect(step.code == .timedOut && step.error?.mayBeStored == true)
    }

    @Test("a completely sent object may arrive late, whatever ends the upload")
    mutating func late() {
        #expect(upload.next(upload.broke(sent: object)).isPause)
        #expect(upload.machine.nextAfterPause() == Fixture.settle)
        _ = upload.next(upload.answered(404))
        #expect(upload.next(upload.answered(401)) == Fixture.settle)
        let step = upload.next(upload.answered(404))
        #expect(step.code == .unauthorized && step.error?.mayBeStored == true)
    }

    @Test("a confirmed checksum is success, even in quotes, in capitals or as a weak ETag")
    func confirmed() {
        for etag in [object.md5, "\"\(object.md5)\"", "W/\"\(object.md5.uppercased())\""] {
            var upload = upload
            #expect(upload.next(upload.answered(201, etag: etag, sent: object)) == .succeeded(object))
        }
    }

    @Test("a missing container is created once, without using up an attempt")
    mutating func container() {
        #expect(upload.next(upload.answered(404)) == .request(.putContainer(.objects)))
        #expect(upload.next(upload.answered(201)) == upload.putObject())
        #expect(upload.next(upload.answered(404)).isPause)
        #expect(upload.machine.nextAfterPause() == upload.putObject(attempt: 8))
        #expect(upload.next(upload.answered(404)).isPause)
        #expect(upload.machine.nextAfterPause() == upload.putObject(attempt: 9))
        #expect(upload.next(upload.answered(404)).code == .notFound)
    }

    @Test("a container that cannot be created ends it", arguments: [(401, "unauthorized"), (403, "forbidden")])
    mutating func containerRefused(_ status: Int, _ expected: String) {
        _ = upload.next(upload.answered(404))
        #expect(upload.next(upload.answered(status)).code?.description == expected)
    }

    @Test("the container of a new account is retried")
    mutating func newAccount() {
        _ = upload.next(upload.answered(404))
        #expect(upload.next(upload.answered(404)).isPause)
        #expect(upload.machine.nextAfterPause() == .request(.putContainer(.objects)))
        var absent = upload
        #expect(upload.next(upload.answered(201)) == upload.putObject())
        #expect(absent.next(absent.answered(404)).isPause)
        _ = absent.machine.nextAfterPause()
        #expect(absent.next(absent.answered(404)).code == .notFound)
    }

    @Test("an object of this attempt with another checksum is removed, with three attempts")
    mutating func damaged() {
        let other = "00000000000000000000000000000000"
        #expect(upload.next(upload.answered(201, etag: other, sent: object)) == Fixture.settle)
        var foreign = upload
        let ours = upload.answered(200, etag: other, upload: Fixture.upload, attempt: upload.attempt)
        #expect(upload.next(ours) == Fixture.deleteObject)
        // Before another attempt, the store is queried for the object's owner.
        for failure in [upload.broke(), upload.answered(503)] {
            #expect(upload.next(failure) == Fixture.settle)
            var replaced = upload
            #expect(replaced.next(replaced.answered(200, etag: other)).code == .checksumMismatch)
            #expect(upload.next(ours) == Fixture.deleteObject)
        }
        let step = upload.next(upload.answered(503))
        #expect(step.code == .checksumMismatch)
        #expect(step.error?.message.contains("remove the object c/lb/") == true)

        let stays = foreign.next(foreign.answered(200, etag: other, upload: UploadID(), attempt: foreign.attempt))
        #expect(stays.code == .checksumMismatch && stays.error?.message.contains("which is kept") == true)
    }

    @Test("an ETag that is not an MD5 removes nothing, and is compared to the one of a HEAD")
    mutating func weak() {
        let weak = "W/\"0123-gzip\""
        #expect(upload.next(upload.answered(201, etag: weak, sent: object)) == Fixture.settle)
        let heads: [(String, UInt64?, Bool)] = [
            (object.md5, 5, true), ("\"0123-gzip\"", 5, false), (weak, 5, false), (weak, 999, false),
            (weak, nil, false),
        ]
        for (etag, byteCount, isSuccess) in heads {
            var asked = upload
            let step = asked.next(
                asked.answered(
                    200,
                    etag: etag,
                    upload: Fixture.upload,
                    attempt: asked.attempt,
                    byteCount: byteCount
                )
            )
            #expect(isSuccess ? step == .succeeded(object) : step.code == .checksumMismatch)
            #expect(isSuccess || step.error?.mayBeStored == true)
            #expect(isSuccess || step.error?.message.contains("ETag is not an MD5") == true)
        }
        // Certainly ours and certainly wrong.
        for (etag, byteCount) in [("00000000000000000000000000000000", UInt64(5)), ("\"0123-gzip\"", 4)] {
            var wrong = upload
            let answer = wrong.answered(
                200,
                etag: etag,
                upload: Fixture.upload,
                attempt: wrong.attempt,
                byteCount: byteCount
            )
            #expect(wrong.next(answer) == Fixture.deleteObject)
        }
    }

    @Test("an object that was confirmed before its end is removed if it is ours")
    mutating func early() {
        #expect(upload.next(upload.answered(201, etag: "f")) == Fixture.settle)
        var gone = upload
        #expect(gone.next(gone.answered(404)).code == .checksumMismatch)
        let ours = upload.answered(200, upload: Fixture.upload, attempt: upload.attempt)
        #expect(upload.next(ours) == Fixture.deleteObject)
        #expect(upload.next(upload.answered(204)).code == .checksumMismatch)
    }

    @Test("a response without a checksum is settled by a HEAD")
    mutating func unconfirmed() {
        #expect(upload.next(upload.answered(201, sent: object)) == Fixture.settle)
        #expect(upload.next(upload.answered(200, etag: object.md5)) == .succeeded(object))
    }

    @Test("412 is settled by a HEAD: the object may be of this upload")
    mutating func precondition() {
        #expect(upload.next(upload.answered(412)) == Fixture.settle)
        var (gone, foreign, earlier) = (upload, upload, upload)
        #expect(gone.next(gone.answered(404)).isPause)
        #expect(foreign.next(foreign.answered(200, etag: "f")).code == .alreadyExists)
        // An earlier agent has stored it meanwhile.
        let found = StoredObject(md5: "", byteCount: 5, wasFound: true)
        let answer = earlier.answered(200, upload: Fixture.upload, attempt: UploadAttempt(number: 1), byteCount: 5)
        #expect(earlier.next(answer) == .succeeded(found))
    }

    @Test("412 after an attempt without a response: the checksum identifies the attempt")
    mutating func preconditionAfterLostAnswer() {
        #expect(upload.next(upload.broke(sent: object)).isPause)
        #expect(upload.machine.nextAfterPause() == Fixture.settle)
        #expect(upload.next(upload.answered(404)) == upload.putObject(attempt: 8))
        #expect(upload.next(upload.answered(412)) == Fixture.settle)
        var (gone, foreign) = (upload, upload)
        #expect(gone.next(gone.answered(404)).isPause)
        #expect(foreign.next(foreign.answered(200, etag: "f", upload: UploadID())).code == .alreadyExists)
        let ours = upload.answered(200, etag: object.md5, upload: Fixture.upload, attempt: upload.attempt)
        #expect(upload.next(ours) == .succeeded(object))
    }

    @Test("after an attempt without a response, the object is queried before it is sent again")
    mutating func lostAnswer() {
        #expect(upload.next(upload.broke(sent: object)).isPause)
        #expect(upload.machine.nextAfterPause() == Fixture.settle)
        var (foreign, silent) = (upload, upload)
        let ours = upload.answered(200, etag: object.md5, upload: Fixture.upload, attempt: upload.attempt)
        #expect(upload.next(ours) == .succeeded(object))
        #expect(foreign.next(foreign.answered(200, etag: "f", upload: UploadID())).code == .alreadyExists)
        for _ in 0..<2 { #expect(silent.next(silent.broke()) == Fixture.settle) }
        #expect(silent.next(silent.broke()).isPause)
    }

    @Test("an incompletely sent object of this attempt is neither a success nor removed")
    mutating func unknownObject() {
        #expect(upload.next(upload.answered(412)) == Fixture.settle)
        let ours = upload.answered(200, etag: object.md5, upload: Fixture.upload, attempt: upload.attempt)
        let step = upload.next(ours)
        #expect(step.code == .unavailable && step.error?.mayBeStored == true)
    }

    @Test(
        "a write-only token sends a new object, but none that may have been sent before",
        arguments: [true, false]
    )
    func writeOnly(_ isFresh: Bool) throws {
        var asked = try MachineFixture(isFresh: isFresh, isAsked: false)
        let step = asked.next(asked.answered(403))
        #expect(isFresh ? step == asked.putObject() : step.code == .forbidden && step.error?.mayBeStored == true)
    }

    @Test("an object of an unknown owner is not attributed to another upload")
    mutating func unknownOwner() {
        #expect(upload.next(upload.answered(412)) == Fixture.settle)
        for _ in 0..<2 { #expect(upload.next(upload.answered(403)) == Fixture.settle) }
        let step = upload.next(upload.answered(403))
        #expect(step.code == .unavailable && step.error?.mayBeStored == true && step.error?.status == 412)
        #expect(step.error?.message.contains("possibly from another upload") == true)
    }

    @Test("when all attempts have failed, a completely sent object is queried")
    mutating func lastResort() {
        var step = upload.next(upload.broke(sent: object))
        for _ in 0..<2 {
            #expect(step.isPause)
            #expect(upload.machine.nextAfterPause() == Fixture.settle)
            _ = upload.next(upload.answered(404))
            step = upload.next(upload.broke())
        }
        #expect(step == Fixture.settle)
        #expect(upload.next(upload.broke()) == Fixture.settle)
        #expect(upload.next(upload.answered(503)) == Fixture.settle)
        var failed = upload
        #expect(failed.next(failed.broke()).code == .timedOut)
        #expect(upload.next(upload.answered(200, etag: object.md5)) == .succeeded(object))
    }

    @Test("if the store rejects the query for the object, it may have it, whatever the error")
    mutating func doubt() {
        _ = upload.next(upload.broke(sent: object))
        _ = upload.machine.nextAfterPause()
        _ = upload.next(upload.answered(404))
        #expect(upload.next(upload.answered(401)) == Fixture.settle)
        for _ in 0..<2 { #expect(upload.next(upload.answered(401)) == Fixture.settle) }
        let step = upload.next(upload.answered(401))
        #expect(step.code == .unauthorized && step.error?.mayBeStored == true)
    }

    @Test("a failure of the client ends it immediately, unless the object was completely sent")
    mutating func stopped() {
        let error = ObjectStoreError(.cancelled, "stopping")
        var (early, deadline) = (upload, upload)
        #expect(early.next(ExchangeResult(end: .stopped(error))) == .finish(.failure(error)))
        #expect(deadline.machine.next(afterStop: error) == .finish(.failure(error)))
        #expect(upload.next(ExchangeResult(end: .stopped(error), sent: object)) == Fixture.settle)
        #expect(upload.next(upload.answered(404)) == .finish(.failure(error)))
    }

    @Test("417 is answered by the same request without Expect, once, without using up an attempt")
    mutating func expectationFailed() {
        #expect(upload.next(upload.answered(417)) == upload.putObject(attempt: 8, expectsContinue: false))
        let step = upload.next(upload.answered(417))
        #expect(step.code == .refused)
        #expect(step.error?.message.contains("with and without Expect") == true)
    }

    @Test("a store without chunked uploads gets a Content-Length, once the content is counted", arguments: [411, 501])
    mutating func lengthRequired(_ status: Int) {
        #expect(upload.next(upload.answered(status)) == .request(.countContent))
        var large = upload
        #expect(upload.next(ExchangeResult(end: .counted(5))) == upload.putObject(attempt: 8, byteCount: 5))
        var refused = upload
        #expect(upload.next(upload.answered(201, etag: object.md5, sent: object)) == .succeeded(object))
        #expect(refused.next(refused.answered(411)).code == .unsupported)

        #expect(large.next(ExchangeResult(end: .counted(15))) == .request(.putContainer(.segments)))
        #expect(large.next(large.answered(201)) == large.putSegment(0, attempt: 9, byteCount: 10, isLast: false))
        #expect(
            large.next(large.taken(isLast: false)) == large.putSegment(1, attempt: 9, byteCount: 5, isLast: true)
        )
    }

    @Test("content that cannot be counted ends it")
    mutating func uncountable() {
        let error = ObjectStoreError(.sourceFailed, "no log")
        _ = upload.next(upload.answered(411))
        #expect(upload.next(ExchangeResult(end: .stopped(error))) == .finish(.failure(error)))
    }

    @Test("413 means the size or a quota, depending on the store's error text")
    mutating func tooLarge() {
        var quota = upload
        #expect(upload.next(upload.answered(413)).error?.message.contains("lower archive.segment_bytes") == true)
        let answer = StoreAnswer(status: 413, headers: ["Content-Type: text/html"], content: "Upload exceeds quota.")
        let error = quota.next(ExchangeResult(end: .answered(answer))).error
        #expect(error?.code == .tooLarge)
        #expect(error?.message.hasPrefix("the object store's quota is exceeded (HTTP 413") == true)
        #expect(error?.message.contains("archive.segment_bytes") == false)
    }

    @Test("content larger than one object restarts in segments")
    mutating func outgrown() {
        let step = upload.next(ExchangeResult(end: .outgrown, isTouched: true))
        #expect(step == .request(.putContainer(.segments)))
        #expect(upload.next(upload.answered(202)) == upload.putSegment(0, attempt: 8))
    }

    @Test("the waits double, with jitter, up to the longest")
    func waits() {
        var policy = RetryPolicy()
        policy.longestWait = .seconds(3)
        for (attempt, whole) in [(1, 0.5), (2, 1), (3, 2), (4, 3), (60, 3)] {
            let wait = policy.wait(after: attempt)
            #expect(wait >= .seconds(whole / 2) && wait <= .seconds(whole))
        }
    }
}
