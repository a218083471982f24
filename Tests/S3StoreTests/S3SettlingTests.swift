// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore
import Testing

@testable import S3Store

/// The upload queries the object if the store's response was lost or inconclusive.
@Suite("Objects that a request to S3 may have stored")
struct S3SettlingTests {
    typealias Fixture = S3MachineFixture

    @Test("a lost response: the object is queried after a pause, and accepted if it exists")
    func lostAnswer() throws {
        var fixture = try Fixture()
        _ = fixture.next(fixture.read(isLast: true))
        #expect(fixture.next(fixture.broke(sent: fixture.object)).isPause)
        #expect(fixture.machine.nextAfterPause() == Fixture.settle)
        let found = fixture.answered(200, etag: fixture.object.md5, upload: Fixture.upload)
        #expect(fixture.next(found) == .succeeded(fixture.object))
    }

    @Test("a lost response: a missing object is sent again")
    func notThere() throws {
        var fixture = try Fixture()
        _ = fixture.next(fixture.read(isLast: true))
        _ = fixture.next(fixture.broke(sent: fixture.object))
        _ = fixture.machine.nextAfterPause()
        #expect(fixture.machine.keepsContent)
        #expect(fixture.next(fixture.answered(404)) == Fixture.put)
        // The first request may have been executed late.
        #expect(fixture.next(fixture.answered(412, code: "PreconditionFailed")) == Fixture.settle)
        let found = fixture.answered(200, etag: fixture.object.md5, upload: Fixture.upload)
        #expect(fixture.next(found) == .succeeded(fixture.object))
    }

    @Test("an incompletely sent request has stored nothing")
    func notSent() throws {
        var fixture = try Fixture()
        _ = fixture.next(fixture.read(isLast: true))
        #expect(fixture.next(fixture.broke()).isPause)
        #expect(fixture.machine.nextAfterPause() == Fixture.put)
    }

    @Test("a store that no longer responds: the object may exist")
    func inDoubt() throws {
        var fixture = try Fixture()
        _ = fixture.next(fixture.read(isLast: true))
        _ = fixture.next(fixture.broke(sent: fixture.object))
        #expect(fixture.machine.next(afterStop: ObjectStoreError(.timedOut, "too late")) == Fixture.settle)
        #expect(fixture.next(fixture.broke()) == Fixture.settle)
        #expect(fixture.next(fixture.broke()) == Fixture.settle)
        let error = fixture.next(fixture.broke()).error
        #expect(error?.code == .timedOut && error?.mayBeStored == true)
    }

    @Test("an object of another upload, found by the condition", arguments: [true, false])
    func foreign(_ isWhole: Bool) throws {
        var fixture = try Fixture()
        if isWhole { _ = fixture.next(fixture.read(isLast: true)) } else { try fixture.sendTwoParts() }
        #expect(fixture.next(fixture.answered(412, code: "PreconditionFailed")) == Fixture.settle)
        var step = fixture.next(fixture.answered(200, etag: "other", upload: UploadID()))
        if !isWhole {
            #expect(step == .request(.abortUpload("id")))
            step = fixture.next(fixture.answered(204))
        }
        #expect(step.error?.code == .alreadyExists && step.error?.mayBeStored == false)
    }

    @Test("a write-only access key: the object's owner is unknown")
    func unknownOwner() throws {
        var fixture = try Fixture()
        _ = fixture.next(fixture.read(isLast: true))
        _ = fixture.next(fixture.answered(412, code: "PreconditionFailed"))
        let error = fixture.next(fixture.answered(403)).error
        #expect(error?.code == .unavailable && error?.mayBeStored == true)
    }

    @Test("a wrong checksum: the object is queried, and removed if it is wrong and ours")
    func wrong() throws {
        var fixture = try Fixture()
        _ = fixture.next(fixture.read(isLast: true))
        let wrong = String(repeating: "0", count: 32)
        #expect(fixture.next(fixture.answered(200, etag: wrong, sent: fixture.object)) == Fixture.settle)
        let found = fixture.answered(200, etag: wrong, upload: Fixture.upload, byteCount: 5)
        #expect(fixture.next(found) == .request(.deleteObject))
        #expect(fixture.next(fixture.broke()) == Fixture.settle)
        #expect(fixture.next(found) == .request(.deleteObject))
        let error = fixture.next(fixture.answered(204)).error
        #expect(error?.code == .checksumMismatch && error?.mayBeStored == false)
    }

    @Test("a wrong checksum: an object of another upload in its place is not removed")
    func wrongAndForeign() throws {
        var fixture = try Fixture()
        _ = fixture.next(fixture.read(isLast: true))
        let wrong = String(repeating: "0", count: 32)
        _ = fixture.next(fixture.answered(200, etag: wrong, sent: fixture.object))
        let error = fixture.next(fixture.answered(200, etag: wrong, upload: UploadID())).error
        #expect(error?.code == .checksumMismatch)
    }

    @Test("a checksum that is not an MD5, because of encryption, is not compared")
    func encrypted() throws {
        var fixture = try Fixture()
        let opaque = String(repeating: "f", count: 32)
        func stored(_ fixture: Fixture) -> ExchangeResult {
            fixture.answered(200, etag: opaque, encryption: "aws:kms", sent: fixture.object)
        }
        _ = fixture.next(fixture.read(isLast: true))
        #expect(fixture.next(stored(fixture)) == .succeeded(fixture.object))

        fixture = try Fixture()
        _ = fixture.next(fixture.read(isLast: false))
        _ = fixture.next(fixture.begun())
        #expect(fixture.next(stored(fixture)) == Fixture.read(2))
        _ = fixture.next(fixture.read(isLast: true))
        // The list names the parts by the store's tags.
        let list = try PartList([1, 2].map { StoredPart(number: $0, etag: opaque, md5: fixture.object.md5) })
        #expect(fixture.next(stored(fixture)) == .request(.completeUpload("id", list, isConditional: true)))
        // Its tag for the whole differs from ours, too; the object has our size.
        #expect(fixture.next(fixture.completed("\(opaque)-2")) == Fixture.settle)
        let found = fixture.answered(200, etag: "\(opaque)-2", upload: Fixture.upload, byteCount: 5)
        #expect(fixture.next(found) == .succeeded(fixture.object))
    }

    @Test("a part's wrong checksum: the part is sent again; a checksum of another format is an error")
    func wrongPart() throws {
        var fixture = try Fixture()
        _ = fixture.next(fixture.read(isLast: false))
        _ = fixture.next(fixture.begun())
        #expect(
            fixture.next(fixture.answered(200, etag: String(repeating: "0", count: 32), sent: fixture.object)).isPause
        )
        #expect(fixture.machine.nextAfterPause() == Fixture.putPart(1))
        #expect(fixture.next(fixture.answered(200, sent: fixture.object)).isPause)
        #expect(fixture.machine.nextAfterPause() == Fixture.putPart(1))
        #expect(
            fixture.next(fixture.answered(200, etag: "other", sent: fixture.object)) == .request(.abortUpload("id"))
        )
        #expect(fixture.next(fixture.answered(204)).error?.code == .checksumMismatch)
    }

    @Test("an error after the status: the list is sent again, unless the object exists")
    func lateError() throws {
        var fixture = try Fixture()
        try fixture.sendTwoParts()
        #expect(fixture.next(fixture.answered(200, code: "InternalError", sent: fixture.object)).isPause)
        #expect(fixture.machine.nextAfterPause() == Fixture.settle)
        #expect(fixture.next(fixture.answered(404)) == (try fixture.complete(2)))
        // The response ends after its white space.
        #expect(fixture.next(fixture.answered(200, content: "  ", sent: fixture.object)).isPause)
        #expect(fixture.machine.nextAfterPause() == Fixture.settle)
        #expect(fixture.next(fixture.answered(404)) == (try fixture.complete(2)))
        // The upload was completed after all.
        #expect(fixture.next(fixture.answered(404, code: "NoSuchUpload", sent: fixture.object)) == Fixture.settle)
        let found = fixture.answered(200, etag: try fixture.etag(parts: 2), upload: Fixture.upload, byteCount: 5)
        #expect(fixture.next(found) == .request(.abortUpload("id")))
        #expect(fixture.next(fixture.answered(404, code: "NoSuchUpload")) == .succeeded(fixture.object))
    }

    @Test("a concurrent request for the same name: the content restarts")
    func conflict() throws {
        var fixture = try Fixture()
        try fixture.sendTwoParts()
        let conflict = fixture.answered(409, code: "ConditionalRequestConflict", sent: fixture.object)
        #expect(fixture.next(conflict).isPause)
        #expect(fixture.machine.nextAfterPause() == .request(.abortUpload("id")))
        #expect(fixture.next(fixture.answered(204)) == Fixture.read(1))
    }
}
