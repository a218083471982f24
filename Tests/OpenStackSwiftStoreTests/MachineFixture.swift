// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Testing

@testable import HTTPStores
@testable import OpenStackSwiftStore

/// The state machine of an upload, with shorthands for its inputs and outputs.
struct MachineFixture {
    static let upload = UploadID("0123456789abcdef0123456789abcdef") ?? UploadID()

    var machine: UploadStateMachine
    let object = StoredObject(md5: "0123456789abcdef0123456789abcdef", byteCount: 5)
    let attempt = UploadAttempt(number: 7)

    /// Creates a machine with segments of 10 bytes and 3 attempts, after a 404 to its first request.
    init(byteEstimate: UInt64? = nil, isFresh: Bool = true, isAsked: Bool = true) throws {
        let address = ObjectAddress(
            path: try TestUpload.path(in: "c", "lb"),
            endpoint: try StorageEndpoint("https://store.example/v1/a"),
            token: try StorageToken("secret")
        )
        var retries = RetryPolicy()
        retries.attempts = 3
        machine = UploadStateMachine(
            upload: Self.upload,
            byteEstimate: byteEstimate,
            isFresh: isFresh,
            segmentBytes: 10,
            attempt: attempt,
            failures: StoreFailures(address: address),
            retries: retries
        )
        #expect(machine.begin() == .request(.headObject(isSettling: false)))
        guard isAsked else { return }
        let step = machine.next(after: answered(404))
        guard byteEstimate ?? 0 > 10 else {
            #expect(step == putObject())
            return
        }
        #expect(step == .request(.putContainer(.segments)))
        #expect(machine.next(after: answered(201)) == putSegment(0))
    }

    func putObject(attempt: UInt64 = 7, byteCount: UInt64? = nil, expectsContinue: Bool = true) -> Step {
        let extent = byteCount.map { ContentPart.Extent.exactly(byteCount: $0, isLast: true) } ?? .whole(limit: 10)
        let framing = StoreRequest.Framing(expectsContinue: expectsContinue, extent: extent)
        return .request(.putObject(attempt: UploadAttempt(number: attempt), framing: framing))
    }

    func putSegment(_ number: Int, attempt: UInt64 = 7, expectsContinue: Bool = true) -> Step {
        let framing = StoreRequest.Framing(expectsContinue: expectsContinue, extent: .upTo(limit: 10))
        return .request(.putSegment(segment(number, attempt: attempt), framing: framing))
    }

    func putSegment(_ number: Int, attempt: UInt64, byteCount: UInt64, isLast: Bool) -> Step {
        let extent = ContentPart.Extent.exactly(byteCount: byteCount, isLast: isLast)
        return .request(.putSegment(segment(number, attempt: attempt), framing: .init(extent: extent)))
    }

    func segment(_ number: Int, attempt: UInt64 = 7) -> SegmentName {
        SegmentName(upload: Self.upload, attempt: UploadAttempt(number: attempt), number: number)
    }

    func delete(_ number: Int, attempt: UInt64 = 7) -> Step {
        .request(.deleteSegment(segment(number, attempt: attempt)))
    }

    func manifest(_ count: Int) throws -> SegmentManifest {
        try SegmentManifest(
            of: (0..<count).map { StoredSegment(name: segment($0), object: object) },
            attempt: attempt,
            address: machine.failures.address
        )
    }

    /// A response with the headers of a stored object.
    func answered(
        _ status: Int,
        etag: String? = nil,
        upload: UploadID? = nil,
        attempt: UploadAttempt? = nil,
        byteCount: UInt64? = nil,
        sent: StoredObject? = nil
    ) -> ExchangeResult {
        var headers: [String] = []
        if let etag { headers.append("ETag: \(etag)") }
        if let upload { headers.append("\(StoreHeader.upload): \(upload)") }
        if let attempt { headers.append("\(StoreHeader.attempt): \(attempt)") }
        if let byteCount { headers.append("Content-Length: \(byteCount)") }
        return ExchangeResult(
            end: .answered(StoreAnswer(status: status, headers: headers)),
            sent: sent,
            isTouched: sent != nil
        )
    }

    /// The store's confirmation of a segment.
    func taken(isLast: Bool) -> ExchangeResult {
        var result = answered(201, etag: object.md5, sent: object)
        result.isLast = isLast
        if isLast { result.whole = object }
        return result
    }

    func broke(sent: StoredObject? = nil, isTouched: Bool = false, isLast: Bool = true) -> ExchangeResult {
        ExchangeResult(
            end: .broke(.stalled(.seconds(1))),
            sent: sent,
            whole: isLast ? sent : nil,
            isTouched: isTouched || sent != nil,
            isLast: isLast
        )
    }

    mutating func next(_ result: ExchangeResult) -> Step { machine.next(after: result) }

    static let settle = Step.request(.headObject(isSettling: true))
    static let deleteObject = Step.request(.deleteObject)

    typealias Step = StoreStep<StoreRequest, StoredObject>
}

extension StoreStep {
    var isPause: Bool { if case .pause = self { true } else { false } }

    var error: ObjectStoreError? { if case .finish(.failure(let error)) = self { error } else { nil } }

    var code: ObjectStoreError.Code? { error?.code }

    static func succeeded(_ value: Success) -> Self { .finish(.success(value)) }
}
