// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore
import Testing

@testable import S3Store

/// All possible responses of a store, and the next steps.
@Suite("The next step of an upload to S3")
struct S3UploadStateMachineTests {
    typealias Fixture = S3MachineFixture

    @Test("content that fits into one part is sent in one PUT")
    func onePut() throws {
        var fixture = try Fixture()
        #expect(fixture.next(fixture.read(isLast: true)) == Fixture.put)
        #expect(fixture.machine.keepsContent)
        let stored = fixture.next(fixture.answered(200, etag: fixture.object.md5, sent: fixture.object))
        #expect(stored == .succeeded(fixture.object))
        #expect(!fixture.machine.keepsContent && fixture.machine.cleanUpCount == 0)
    }

    @Test("larger content is sent in parts, and the checksum of their list is compared")
    func parts() throws {
        var fixture = try Fixture()
        try fixture.sendTwoParts()
        #expect(!fixture.machine.keepsContent)
        #expect(fixture.next(fixture.completed(try fixture.etag(parts: 2))) == .succeeded(fixture.object))
        #expect(fixture.machine.cleanUpCount == 0)
    }

    @Test("an object of this upload is the result, an object of another one is not", arguments: [true, false])
    func found(_ isOurs: Bool) throws {
        var fixture = try Fixture(isFresh: false)
        let upload = isOurs ? Fixture.upload : UploadID()
        let step = fixture.next(fixture.answered(200, upload: upload, byteCount: 7))
        guard isOurs else {
            #expect(step.error?.code == .alreadyExists)
            return
        }
        #expect(step == .succeeded(StoredObject(md5: "", byteCount: 7, wasFound: true)))
    }

    @Test(
        "a denied query is repeated with a GET, whose response contains an error code",
        arguments: [
            ("AccessDenied", true, nil), ("AccessDenied", false, .forbidden),
            ("SignatureDoesNotMatch", true, .unauthorized),
            ("NoSuchKey", false, nil), ("NoSuchBucket", true, nil), ("PermanentRedirect", true, .refused),
        ] as [(String, Bool, ObjectStoreError.Code?)]
    )
    func explained(_ name: String, _ isFresh: Bool, _ code: ObjectStoreError.Code?) throws {
        var machine = S3UploadStateMachine(
            upload: Fixture.upload,
            partBytes: 10,
            isFresh: isFresh,
            createsBucket: true,
            failures: try Fixture.failures(),
            retries: Fixture.retries
        )
        let fixture = try Fixture(isFresh: false)
        _ = machine.begin()
        #expect(machine.next(after: fixture.answered(403)) == .request(.getObject))
        let step = machine.next(after: fixture.answered(403, code: name))
        if let code {
            #expect(step.error?.code == code)
            // Depending on the case, no earlier call can have stored it, or one may have.
            #expect(step.error?.mayBeStored == !isFresh)
        } else {
            #expect(step == Fixture.read(1))
        }
    }

    @Test("a query that is allowed the second time is repeated")
    func allowed() throws {
        var fixture = try Fixture(isFresh: false)
        #expect(fixture.next(fixture.answered(403)) == .request(.getObject))
        #expect(fixture.next(fixture.answered(206)).isPause)
        #expect(fixture.machine.nextAfterPause() == Fixture.ask)
    }

    @Test("a missing bucket is created once, and the same part is sent", arguments: [true, false])
    func bucket(_ isWhole: Bool) throws {
        var fixture = try Fixture()
        let request: Fixture.Step = isWhole ? Fixture.put : .request(.createUpload)
        #expect(fixture.next(fixture.read(isLast: isWhole)) == request)
        #expect(fixture.next(fixture.answered(404, code: "NoSuchBucket")) == .request(.createBucket))
        #expect(fixture.machine.keepsContent)
        #expect(fixture.next(fixture.answered(409, code: "BucketAlreadyOwnedByYou")) == request)
        // Not all of the store's servers know the bucket yet.
        #expect(fixture.next(fixture.answered(404, code: "NoSuchBucket")).isPause)
        #expect(fixture.machine.nextAfterPause() == request)
    }

    @Test(
        "a bucket that cannot be created",
        arguments: [
            (403, "AccessDenied", .forbidden), (409, "BucketAlreadyExists", .forbidden),
            (400, "InvalidBucketName", .refused), (400, "IllegalLocationConstraintException", .refused),
        ] as [(Int, String, ObjectStoreError.Code)]
    )
    func noBucket(_ status: Int, _ name: String, _ code: ObjectStoreError.Code) throws {
        var fixture = try Fixture()
        _ = fixture.next(fixture.read(isLast: true))
        _ = fixture.next(fixture.answered(404, code: "NoSuchBucket"))
        #expect(fixture.next(fixture.answered(status, code: name)).error?.code == code)
    }

    @Test("a store without conditional requests gets the same request without a condition")
    func unconditional() throws {
        var fixture = try Fixture()
        _ = fixture.next(fixture.read(isLast: true))
        let refusal = fixture.answered(501, code: "NotImplemented")
        #expect(fixture.next(refusal) == .request(.putObject(isConditional: false)))
        #expect(fixture.next(refusal).error?.code == .unsupported)

        fixture = try Fixture()
        try fixture.sendTwoParts()
        #expect(fixture.next(refusal) == (try fixture.complete(2, isConditional: false)))
    }

    @Test("a temporary failure is retried with the same part, up to the limit")
    func again() throws {
        var fixture = try Fixture()
        _ = fixture.next(fixture.read(isLast: false))
        _ = fixture.next(fixture.begun())
        for _ in 0..<2 {
            #expect(fixture.next(fixture.answered(503, code: "SlowDown", sent: fixture.object)).isPause)
            #expect(fixture.machine.keepsContent)
            #expect(fixture.machine.nextAfterPause() == Fixture.putPart(1))
        }
        #expect(fixture.next(fixture.broke()) == .request(.abortUpload("id")))
        #expect(fixture.next(fixture.answered(204)).error?.code == .timedOut)
    }

    @Test("an upload that the store has lost restarts, with its content")
    func lostUpload() throws {
        var fixture = try Fixture()
        _ = fixture.next(fixture.read(isLast: false))
        _ = fixture.next(fixture.begun())
        #expect(fixture.next(fixture.answered(404, code: "NoSuchUpload", sent: fixture.object)).isPause)
        #expect(!fixture.machine.keepsContent)
        // The response may have been wrong.
        #expect(fixture.machine.nextAfterPause() == .request(.abortUpload("id")))
        #expect(fixture.next(fixture.answered(404, code: "NoSuchUpload")) == Fixture.read(1))
    }

    @Test("an upload that may exist without a response is listed and aborted")
    func lostBeginning() throws {
        var fixture = try Fixture()
        _ = fixture.next(fixture.read(isLast: false))
        #expect(fixture.next(fixture.broke()).isPause)
        #expect(fixture.machine.nextAfterPause() == .request(.createUpload))
        _ = fixture.next(fixture.begun("second"))
        #expect(fixture.next(fixture.answered(403, code: "AccessDenied")) == .request(.abortUpload("second")))
        #expect(fixture.next(fixture.answered(204)) == .request(.listUploads(isCleanUp: true)))
        let key = fixture.machine.failures.address.path.name
        let list = "<ListMultipartUploadsResult><Upload><Key>\(key)</Key><UploadId>first</UploadId></Upload>"
        let listed = fixture.answered(200, content: list + "</ListMultipartUploadsResult>")
        #expect(fixture.next(listed) == .request(.abortUpload("first")))
        let error = fixture.next(fixture.answered(204)).error
        #expect(error?.code == .forbidden && error?.mayBeStored == false)
    }

    @Test("parts that cannot be removed are reported, and the upload still needs a clean-up")
    func leftBehind() throws {
        var fixture = try Fixture()
        _ = fixture.next(fixture.read(isLast: false))
        _ = fixture.next(fixture.begun())
        #expect(fixture.next(fixture.answered(403, code: "AccessDenied")) == .request(.abortUpload("id")))
        #expect(fixture.next(fixture.broke()) == .request(.abortUpload("id")))
        #expect(fixture.next(fixture.answered(500)) == .request(.abortUpload("id")))
        let error = fixture.next(fixture.broke()).error
        #expect(error?.code == .forbidden && error?.mayBeStored == true)
        #expect(error?.message.contains("parts could not be removed") == true)
    }

    @Test("failing content is the error, and the parts are removed")
    func content() throws {
        var fixture = try Fixture()
        _ = fixture.next(fixture.read(isLast: false))
        _ = fixture.next(fixture.begun())
        _ = fixture.next(fixture.answered(200, etag: fixture.object.md5, sent: fixture.object))
        let error = ObjectStoreError(.sourceFailed, "the log is gone")
        #expect(fixture.next(ExchangeResult(end: .stopped(error))) == .request(.abortUpload("id")))
        #expect(fixture.next(fixture.answered(204)).error == error)
    }

    @Test("too many parts")
    func tooMany() throws {
        var fixture = try Fixture()
        _ = fixture.next(fixture.read(isLast: false))
        _ = fixture.next(fixture.begun())
        for number in 1..<PartPlan.greatestCount {
            _ = fixture.next(fixture.answered(200, etag: fixture.object.md5, sent: fixture.object))
            #expect(fixture.next(fixture.read(isLast: false)) == Fixture.putPart(number + 1))
        }
        let step = fixture.next(fixture.answered(200, etag: fixture.object.md5, sent: fixture.object))
        #expect(step == .request(.abortUpload("id")))
        #expect(fixture.next(fixture.answered(204)).error?.code == .tooLarge)
    }
}
