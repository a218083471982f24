// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

extension S3Request {
    /// The largest list of multipart uploads: 1,000 of them, with keys of at most 1,024 bytes.
    private static let listingBytes = 4 << 20
    /// The time that completing a multipart upload may still take after a cancellation.
    private static let completionGrace = Duration.seconds(5)

    /// Returns the HTTP request; nil for a step without a request to the store.
    ///
    /// - Parameters:
    ///   - upload: The upload that the request belongs to.
    ///   - part: The part of the content that was read.
    ///   - limit: The longest time for the whole request.
    ///   - cancellation: Ends the request early.
    func http(
        for upload: UploadID,
        at address: S3Address,
        part: BufferedPart?,
        limit: Duration,
        cancellation: UploadCancellation
    ) throws(ObjectStoreError) -> HTTPRequest? {
        func request(_ method: HTTPRequest.Method, _ url: String, headers: [String] = []) -> HTTPRequest {
            let authorization = address.credentials.authorization
            return HTTPRequest(method: method, url: url, authorization: authorization, limit: limit, headers: headers)
        }
        var result: HTTPRequest
        switch self {
        case .readPart: return nil
        case .headObject: result = Self.withoutContent(request(.head, address.objectURL))
        case .getObject: result = Self.withoutContent(request(.get, address.objectURL, headers: ["Range: bytes=0-0"]))
        case .createBucket: result = try Self.createBucket(request(.put, address.bucketRootURL), address)
        case .putObject(let isConditional):
            let headers = Self.objectHeaders(upload, address) + (isConditional ? [Self.condition] : [])
            result = try Self.sending(part, in: request(.put, address.objectURL, headers: headers))
        case .createUpload:
            let headers = Self.objectHeaders(upload, address)
            let url = "\(address.objectURL)?uploads="
            result = Self.withoutContent(request(.post, url, headers: headers + ["Content-Length: 0"]))
        case .putPart(let number, let id):
            result = try Self.sending(part, in: request(.put, address.url(ofPart: number, upload: id)))
        case .completeUpload(let id, let list, let isConditional):
            let headers = ["Content-Type: application/xml"] + (isConditional ? [Self.condition] : [])
            result = request(.post, address.url(ofUpload: id), headers: headers)
            result = try Self.sending(list.xml, in: result)
            result.cancellationGrace = Self.completionGrace
        case .abortUpload(let id), .abortOrphan(let id):
            result = Self.withoutContent(request(.delete, address.url(ofUpload: id)))
        case .listUploads:
            result = Self.withoutContent(request(.get, address.uploadsURL))
            result.answerLimit = Self.listingBytes
        case .deleteObject: result = Self.withoutContent(request(.delete, address.objectURL))
        }
        if !isCleanUp { result.cancellation = cancellation }
        return result
    }

    private static let condition = "If-None-Match: *"

    /// Metadata that identifies the stored object.
    private static func objectHeaders(_ upload: UploadID, _ address: S3Address) -> [String] {
        [
            "Content-Type: " + (address.path.name.hasSuffix(".gz") ? "application/gzip" : "application/octet-stream"),
            "\(S3Header.upload): \(upload)",
        ]
    }

    private static func withoutContent(_ request: HTTPRequest) -> HTTPRequest {
        var request = request
        request.headers.append("\(S3Header.contentSHA256): \(S3Header.emptySHA256)")
        return request
    }

    private static func createBucket(
        _ request: HTTPRequest,
        _ address: S3Address
    ) throws(ObjectStoreError) -> HTTPRequest {
        let region = address.credentials.region
        // In this region, a bucket must be created without a location constraint.
        guard region != S3Credentials.defaultRegion else {
            var request = request
            request.headers.append("Content-Length: 0")
            return withoutContent(request)
        }
        let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
        let xml =
            "<CreateBucketConfiguration xmlns=\"\(namespace)\"><LocationConstraint>\(XMLText.escaped(region))"
            + "</LocationConstraint></CreateBucketConfiguration>"
        return try sending(Array(xml.utf8), in: request)
    }

    private static func sending(_ bytes: [UInt8], in request: HTTPRequest) throws(ObjectStoreError) -> HTTPRequest {
        let content = try Content { () throws(ObjectStoreError) in BytesBody(bytes) }
        return try sending(BufferedPart(of: content, limit: .max) {}, in: request)
    }

    private static func sending(
        _ part: BufferedPart?,
        in request: HTTPRequest
    ) throws(ObjectStoreError) -> HTTPRequest {
        guard let part else { throw ObjectStoreError(.sourceFailed, "the object's content is missing") }
        var request = request
        request.headers += [
            "Content-MD5: \(part.contentMD5)", "\(S3Header.contentSHA256): \(part.sha256)",
        ]
        // To libcurl, there is nothing to upload. An Expect header without a value would be signed but not sent.
        if part.object.byteCount == 0 { request.headers.append("Content-Length: 0") }
        request.byteCount = part.object.byteCount
        request.makePart = { () throws(ObjectStoreError) in try part.makePart() }
        return request
    }
}
