// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore
import Testing

@testable import S3Store

@Suite("Errors of an S3 store")
struct S3FailureTests {
    private let failures: S3Failures

    init() throws { failures = try S3MachineFixture.failures() }

    @Test(
        "each error code maps to a cause",
        arguments: [
            ("AccessDenied", 403, .forbidden), ("InvalidAccessKeyId", 403, .unauthorized),
            ("SignatureDoesNotMatch", 403, .unauthorized), ("ExpiredToken", 400, .unauthorized),
            ("RequestTimeTooSkewed", 403, .unauthorized), ("NoSuchBucket", 404, .notFound),
            ("EntityTooLarge", 400, .tooLarge), ("EntityTooSmall", 400, .refused), ("SlowDown", 503, .timedOut),
            ("InternalError", 500, .unavailable), ("PermanentRedirect", 301, .refused),
            ("BadDigest", 400, .checksumMismatch), ("QuotaExceeded", 403, .tooLarge),
            ("PreconditionFailed", 412, .alreadyExists), ("NotImplemented", 501, .unsupported),
            ("SomethingNew", 400, .refused), ("SomethingNew", 403, .forbidden), ("SomethingNew", 503, .unavailable),
        ] as [(String, Int, ObjectStoreError.Code)]
    )
    func codes(_ name: String, _ status: Int, _ code: ObjectStoreError.Code) {
        let content = "<Error><Code>\(name)</Code><Message>its reason</Message></Error>"
        let error = failures.error(for: StoreAnswer(status: status, content: content), attempts: 2)
        #expect(error.code == code && error.status == status)
        let source = "(HTTP \(status) from store.example, attempt 2: \(name), its reason); "
        #expect(error.message.contains(source), "\(error.message)")
    }

    @Test("errors contain no secret, whatever the store returns")
    func secrets() {
        let content =
            "<Error><Code>X</Code><Message>akiaexample and S3CRET</Message><StringToSign>s3cret</StringToSign></Error>"
        let text = StoreAnswer(status: 400, headers: ["Content-Type: text/plain"], content: "no s3cret")
        for answer in [StoreAnswer(status: 400, content: content), text] {
            let message = failures.error(for: answer).message.lowercased()
            #expect(message.contains("***") && !message.contains("s3cret") && !message.contains("akia"), "\(message)")
        }
    }

    @Test("the error page of another kind of server is quoted as text")
    func html() {
        let answer = StoreAnswer(
            status: 502,
            headers: ["Content-Type: text/html"],
            content: "<html><h1>Bad Gateway</h1></html>"
        )
        #expect(failures.error(for: answer).message.contains("(HTTP 502 from store.example: Bad Gateway)"))
    }

    @Test("the advice names the store's region")
    func region() {
        let content = "<Error><Code>PermanentRedirect</Code><Region>eu-west-1</Region></Error>"
        for answer in [
            StoreAnswer(status: 301, content: content),
            StoreAnswer(
                status: 301,
                headers: ["x-amz-bucket-region: eu-west-1"],
                content: "<Error><Code>PermanentRedirect</Code></Error>"
            ),
        ] {
            #expect(failures.error(for: answer).message.contains("set hpcs_object_store_region to eu-west-1"))
        }
    }
}
