// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore
import Testing

@testable import S3Store

/// The state machine of an upload, with shorthands for its inputs and outputs.
struct S3MachineFixture {
    typealias Step = S3UploadStateMachine.Step

    static let upload = UploadID("0123456789abcdef0123456789abcdef") ?? UploadID()

    var machine: S3UploadStateMachine
    let object = StoredObject(md5: "0123456789abcdef0123456789abcdef", byteCount: 5)

    /// Creates a machine with parts of 10 bytes and 3 attempts, after a 404 to its first request.
    init(isFresh: Bool = true, createsBucket: Bool = true) throws {
        machine = S3UploadStateMachine(
            upload: Self.upload,
            partBytes: 10,
            isFresh: isFresh,
            createsBucket: createsBucket,
            failures: try Self.failures(),
            retries: Self.retries
        )
        #expect(machine.begin() == Self.ask)
        guard isFresh else { return }
        #expect(machine.next(after: answered(404)) == Self.read(1))
    }

    static var retries: RetryPolicy {
        var retries = RetryPolicy()
        retries.attempts = 3
        return retries
    }

    static func failures() throws -> S3Failures {
        S3Failures(
            address: S3Address(
                path: ObjectPath(
                    basePath: try ObjectBasePath("bucket"),
                    loadBalancer: try Identifier("lb"),
                    log: "haproxy",
                    time: UTCTimestamp(microseconds: 0)
                ),
                endpoint: try StorageEndpoint("https://store.example"),
                credentials: try S3Credentials(accessKey: "AKIAEXAMPLE", secretKey: "s3cret"),
                addressing: .path
            )
        )
    }

    static let ask = Step.request(.headObject(isSettling: false))
    static let settle = Step.request(.headObject(isSettling: true))
    static let put = Step.request(.putObject(isConditional: true))

    static func read(_ number: Int) -> Step { .request(.readPart(isFirst: number == 1, limit: 10)) }

    static func putPart(_ number: Int, of upload: String = "id") -> Step {
        .request(.putPart(number: number, upload: upload))
    }

    func complete(_ parts: Int, isConditional: Bool = true) throws -> Step {
        let list = try PartList((1...parts).map { StoredPart(number: $0, etag: object.md5, md5: object.md5) })
        return .request(.completeUpload("id", list, isConditional: isConditional))
    }

    /// Returns the checksum that a store reports for an object of this many parts.
    func etag(parts: Int) throws -> String {
        try PartList((1...parts).map { StoredPart(number: $0, etag: object.md5, md5: object.md5) }).etag
    }

    /// The result of reading a part.
    func read(isLast: Bool) -> ExchangeResult {
        ExchangeResult(end: .counted(5), sent: object, whole: isLast ? object : nil, isLast: isLast)
    }

    /// A response with an error code, with other content, or with the headers of a stored object.
    func answered(
        _ status: Int,
        code: String? = nil,
        content: String = "",
        etag: String? = nil,
        upload: UploadID? = nil,
        byteCount: UInt64? = nil,
        encryption: String? = nil,
        sent: StoredObject? = nil
    ) -> ExchangeResult {
        var headers: [String] = []
        if let etag { headers.append("ETag: \"\(etag)\"") }
        if let upload { headers.append("\(S3Header.upload): \(upload)") }
        if let byteCount { headers.append("Content-Length: \(byteCount)") }
        if let encryption { headers.append("x-amz-server-side-encryption: \(encryption)") }
        let error = code.map { "<Error><Code>\($0)</Code><Message>why</Message></Error>" }
        return ExchangeResult(
            end: .answered(StoreAnswer(status: status, headers: headers, content: error ?? content)),
            sent: sent,
            isTouched: sent != nil
        )
    }

    /// The response to a new multipart upload.
    func begun(_ id: String = "id") -> ExchangeResult {
        answered(
            200,
            content: "<InitiateMultipartUploadResult><UploadId>\(id)</UploadId></InitiateMultipartUploadResult>"
        )
    }

    /// The response to a completed multipart upload.
    func completed(_ etag: String) -> ExchangeResult {
        answered(
            200,
            content: "<CompleteMultipartUploadResult><ETag>\"\(etag)\"</ETag></CompleteMultipartUploadResult>",
            sent: object
        )
    }

    func broke(sent: StoredObject? = nil) -> ExchangeResult {
        ExchangeResult(end: .broke(.stalled(.seconds(1))), sent: sent, isTouched: sent != nil)
    }

    mutating func next(_ result: ExchangeResult) -> Step { machine.next(after: result) }

    /// Continues until two parts are stored and the list of them must be sent.
    mutating func sendTwoParts() throws {
        #expect(next(read(isLast: false)) == .request(.createUpload))
        #expect(next(begun()) == Self.putPart(1))
        #expect(next(answered(200, etag: object.md5, sent: object)) == Self.read(2))
        #expect(next(read(isLast: true)) == Self.putPart(2))
        #expect(next(answered(200, etag: object.md5, sent: object)) == (try complete(2)))
    }
}

extension StoreStep {
    var isPause: Bool { if case .pause = self { true } else { false } }

    var error: ObjectStoreError? { if case .finish(.failure(let error)) = self { error } else { nil } }

    static func succeeded(_ value: Success) -> Self { .finish(.success(value)) }
}
