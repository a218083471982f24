// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import TestServers

@testable import HTTPStores
@testable import OpenStackSwiftStore

/// A store in memory that answers a state machine's requests and fails at random: a model for ``UploadModelTests``.
struct ModelStore {
    /// A stored object.
    struct Object {
        var upload: UploadID?
        var attempt: UploadAttempt?
        var tag: String
        var byteCount: UInt64
        /// Its segments; empty if it is not a manifest.
        var segments: [SegmentName] = []
        /// Whether it is the complete object of the upload.
        var isWhole = true
    }

    /// The supported features of the store.
    struct Abilities {
        var knowsPreconditions = true
        var knowsLargeObjects = true
        var takesChunks = true
        var takesExpect = true
        var weakensTags = false
    }

    let upload: UploadID
    let contentBytes: UInt64
    let segmentBytes: UInt64
    let abilities: Abilities
    /// The percentage of requests that fail.
    let faultRate: Int
    var random: SeededGenerator
    var object: Object?
    var segments: Set<SegmentName> = []
    var containers: Set<StoreContainer>
    /// Violations of the rules.
    var violations: [String] = []
    /// The number of requests before an object of another upload replaces ours.
    var intruderAfter: Int?

    static let contentTag = "c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0"
    static let foreignTag = "f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0"

    /// Stores the object in segments, like an earlier call; optionally, one segment is missing.
    mutating func putEarlierObject(_ attempt: UploadAttempt, address: ObjectAddress, isDamaged: Bool) throws {
        let count = Int((contentBytes + segmentBytes - 1) / segmentBytes)
        let names = (0..<count).map { SegmentName(upload: upload, attempt: attempt, number: $0) }
        let stored = names.map { StoredSegment(name: $0, object: StoredObject(md5: tag(of: $0), byteCount: 0)) }
        object = Object(
            upload: upload,
            attempt: attempt,
            tag: try SegmentManifest(of: stored, attempt: attempt, address: address).etag,
            byteCount: contentBytes,
            segments: names,
            isWhole: !isDamaged
        )
        containers = [.objects, .segments]
        segments.formUnion(names)
        if isDamaged, let missing = names.randomElement(using: &random) { segments.remove(missing) }
    }

    mutating func perform(_ request: StoreRequest) -> ExchangeResult {
        if let count = intruderAfter {
            intruderAfter = count > 0 ? count - 1 : nil
            if count == 0, object == nil {
                object = Object(upload: nil, attempt: nil, tag: Self.foreignTag, byteCount: 3, isWhole: false)
            }
        }
        if case .countContent = request { return ExchangeResult(end: .counted(contentBytes)) }
        let isFault = Int.random(in: 0..<100, using: &random) < faultRate
        switch isFault ? Int.random(in: 0..<5, using: &random) : -1 {
        case 0: return broken(request, isSent: false)
        case 1: return ExchangeResult(end: .answered(StoreAnswer(status: 503)), isTouched: false)
        case 2:
            _ = answer(request)
            return broken(request, isSent: true)
        case 3:
            _ = answer(request)
            var result = sent(request)
            result = ExchangeResult(
                end: .answered(StoreAnswer(status: 500)),
                sent: result.sent,
                whole: result.whole,
                isTouched: result.isTouched,
                isLast: result.isLast
            )
            return result
        case 4: return ExchangeResult(end: .broke(.stalled(.seconds(1))), isTouched: sends(request))
        default: return answer(request)
        }
    }

    private func sends(_ request: StoreRequest) -> Bool {
        switch request {
        case .putObject, .putSegment, .putManifest: true
        default: false
        }
    }

    private func broken(_ request: StoreRequest, isSent: Bool) -> ExchangeResult {
        let result = isSent ? sent(request) : ExchangeResult(end: .outgrown)
        return ExchangeResult(
            end: .broke(.stalled(.seconds(1))),
            sent: result.sent,
            whole: result.whole,
            isTouched: result.isTouched,
            isLast: result.isLast
        )
    }

    /// A result with the content that the request sends.
    private func sent(_ request: StoreRequest) -> ExchangeResult {
        switch request {
        case .putObject:
            guard contentBytes <= segmentBytes else { return ExchangeResult(end: .outgrown, isTouched: true) }
            let object = StoredObject(md5: Self.contentTag, byteCount: contentBytes)
            return ExchangeResult(end: .outgrown, sent: object, isTouched: true)
        case .putSegment(let name, _):
            let start = UInt64(name.number) * segmentBytes
            let byteCount = min(segmentBytes, contentBytes - start)
            let isLast = start + byteCount == contentBytes
            let segment = StoredObject(md5: tag(of: name), byteCount: byteCount)
            let whole = StoredObject(md5: Self.contentTag, byteCount: contentBytes)
            return ExchangeResult(
                end: .outgrown,
                sent: segment,
                whole: isLast ? whole : nil,
                isTouched: true,
                isLast: isLast
            )
        case .putManifest(let manifest, _):
            let list = StoredObject(md5: manifest.listMD5, byteCount: UInt64(manifest.json.count))
            return ExchangeResult(end: .outgrown, sent: list, isTouched: true)
        default: return ExchangeResult(end: .outgrown)
        }
    }

    private func tag(of segment: SegmentName) -> String {
        let number = String(segment.number, radix: 16)
        return String(repeating: "0", count: 32 - number.utf8.count) + number
    }

    private mutating func answer(_ request: StoreRequest) -> ExchangeResult {
        switch request {
        case .headObject: return object.map { answered(200, request, $0) } ?? answered(404, request)
        case .putContainer(let container):
            containers.insert(container)
            return answered(201, request)
        case .putObject(let attempt, let framing):
            if let refusal = refusal(framing) { return refused(refusal) }
            guard contentBytes <= segmentBytes else { return ExchangeResult(end: .outgrown, isTouched: true) }
            let tag = Self.contentTag
            return put(Object(upload: upload, attempt: attempt, tag: tag, byteCount: contentBytes), request)
        case .putSegment(let name, let framing):
            if let refusal = refusal(framing) { return refused(refusal) }
            guard containers.contains(.segments) else { return refused(404) }
            segments.insert(name)
            return answered(201, request, Object(tag: tag(of: name), byteCount: 0))
        case .headSegment(let name):
            return segments.contains(name)
                ? answered(200, request, Object(tag: tag(of: name), byteCount: 0)) : answered(404, request)
        case .checkSegment(let name):
            let byteCount = min(segmentBytes, contentBytes - UInt64(name.number) * segmentBytes)
            return segments.contains(name)
                ? answered(200, request, Object(tag: tag(of: name), byteCount: byteCount)) : answered(404, request)
        case .deleteSegment(let name), .deleteOrphan(let name):
            if object?.segments.contains(name) == true { violations.append("a segment in use was removed: \(name)") }
            return answered(segments.remove(name) == nil ? 404 : 204, request)
        case .putManifest(let manifest, let expectsContinue):
            return expectsContinue && !abilities.takesExpect ? refused(417) : put(manifest, request)
        case .deleteObject:
            if let object, object.upload != upload { violations.append("an object of another upload was removed") }
            if object?.isWhole == true { violations.append("an intact object was removed") }
            defer { object = nil }
            return answered(object == nil ? 404 : 204, request)
        case .listSegments, .countContent: return answered(400, request)
        }
    }

    private mutating func put(_ manifest: SegmentManifest, _ request: StoreRequest) -> ExchangeResult {
        let names = segments.filter { $0.attempt == manifest.attempt }.sorted { $0.number < $1.number }
        guard abilities.knowsLargeObjects else {
            let byteCount = UInt64(manifest.json.count)
            let list = Object(
                upload: upload,
                attempt: manifest.attempt,
                tag: manifest.listMD5,
                byteCount: byteCount,
                isWhole: false
            )
            return put(list, request)
        }
        let object = Object(
            upload: upload,
            attempt: manifest.attempt,
            tag: manifest.etag,
            byteCount: contentBytes,
            segments: names
        )
        return put(object, request)
    }

    private mutating func put(_ new: Object, _ request: StoreRequest) -> ExchangeResult {
        guard containers.contains(.objects) else { return refused(404) }
        if object != nil, abilities.knowsPreconditions { return refused(412) }
        object = new
        return answered(201, request, new)
    }

    private func refusal(_ framing: StoreRequest.Framing) -> Int? {
        if !abilities.takesExpect, framing.expectsContinue { return 417 }
        if case .exactly = framing.extent { return nil }
        return abilities.takesChunks ? nil : 411
    }

    private func refused(_ status: Int) -> ExchangeResult {
        ExchangeResult(end: .answered(StoreAnswer(status: status)), isTouched: false)
    }

    private func answered(_ status: Int, _ request: StoreRequest, _ object: Object? = nil) -> ExchangeResult {
        var headers: [String] = []
        if let object {
            headers.append("ETag: \(abilities.weakensTags ? "W/" : "")\"\(object.tag)\"")
            headers.append("Content-Length: \(object.byteCount)")
            if !object.segments.isEmpty { headers.append("X-Static-Large-Object: True") }
            if let upload = object.upload { headers.append("\(StoreHeader.upload): \(upload)") }
            if let attempt = object.attempt { headers.append("\(StoreHeader.attempt): \(attempt)") }
        }
        let result = sent(request)
        return ExchangeResult(
            end: .answered(StoreAnswer(status: status, headers: headers)),
            sent: result.sent,
            whole: result.whole,
            isTouched: result.isTouched,
            isLast: result.isLast
        )
    }
}
