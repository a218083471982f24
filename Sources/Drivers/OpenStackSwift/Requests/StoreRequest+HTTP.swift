// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

extension StoreRequest {
    /// The most names in a listing; with names of at most 1,024 bytes, they fit into one response.
    static let listingLimit = 1000
    static let listingBytes = 2 << 20
    /// The time that sending the manifest may still take after a cancellation.
    private static let manifestGrace = Duration.seconds(5)

    /// Returns the HTTP request; nil for a step without a request to the store.
    ///
    /// - Parameters:
    ///   - upload: The upload that the request belongs to.
    ///   - limit: The longest time for the whole request.
    ///   - cancellation: Ends the request early.
    ///   - makePart: Starts or continues the content, for a request that sends some of it.
    func http(
        for upload: UploadID,
        at address: ObjectAddress,
        limit: Duration,
        cancellation: UploadCancellation,
        makePart: @escaping (ContentPart.Extent) throws(ObjectStoreError) -> ContentPart
    ) -> HTTPRequest? {
        func request(_ method: HTTPRequest.Method, _ url: String, headers: [String] = []) -> HTTPRequest {
            // The token is sent in this header only.
            let token = HTTPAuthorization.headers(["X-Auth-Token: \(address.token.secret)"])
            return HTTPRequest(method: method, url: url, authorization: token, limit: limit, headers: headers)
        }
        var result: HTTPRequest
        switch self {
        case .countContent: return nil
        // X-Newest queries all replicas, since one may not have a new object yet.
        case .headObject: result = request(.head, address.objectURL, headers: ["X-Newest: true"])
        case .checkSegment(let name): result = request(.head, address.url(of: name), headers: ["X-Newest: true"])
        case .putContainer(let container):
            result = request(.put, address.url(of: container), headers: ["Content-Length: 0"])
        case .putObject(let attempt, let framing):
            let headers = Self.objectHeaders(upload, attempt, address)
            result = request(.put, address.objectURL, headers: headers)
            Self.frame(&result, framing, makePart)
        case .putSegment(let name, let framing):
            result = request(.put, address.url(of: name), headers: ["Content-Type: application/octet-stream"])
            Self.frame(&result, framing, makePart)
        case .headSegment(let name): result = request(.head, address.url(of: name))
        case .deleteSegment(let name), .deleteOrphan(let name): result = request(.delete, address.url(of: name))
        case .putManifest(let manifest, let expectsContinue):
            let headers = Self.objectHeaders(upload, manifest.attempt, address)
            result = request(.put, address.objectURL + "?multipart-manifest=put", headers: headers)
            let extent = ContentPart.Extent.exactly(byteCount: UInt64(manifest.json.count), isLast: true)
            Self.frame(&result, Framing(expectsContinue: expectsContinue, extent: extent)) {
                (extent) throws(ObjectStoreError) in
                try ContentPart(of: Content { BytesBody(manifest.json) }, extent: extent)
            }
        case .deleteObject: result = request(.delete, address.objectURL)
        case .listSegments(let marker):
            let url = address.listingURL(of: upload, after: marker, limit: Self.listingLimit)
            result = request(.get, url)
            result.answerLimit = Self.listingBytes
        }
        if !isCleanUp { result.cancellation = cancellation }
        // It is short, and the segments of a manifest that may yet be stored could not be removed.
        if case .putManifest = self { result.cancellationGrace = Self.manifestGrace }
        return result
    }

    private static func frame(
        _ request: inout HTTPRequest,
        _ framing: Framing,
        _ makePart: @escaping (ContentPart.Extent) throws(ObjectStoreError) -> ContentPart
    ) {
        switch framing.extent {
        case .exactly(0, _):
            // To libcurl, there is nothing to upload.
            request.byteCount = 0
            request.headers.append("Content-Length: 0")
        case .exactly(let byteCount, _):
            request.byteCount = byteCount
            request.headers.append(expectation(framing))
        case .whole, .upTo: request.headers += ["Transfer-Encoding: chunked", expectation(framing)]
        }
        request.makePart = { () throws(ObjectStoreError) in try makePart(framing.extent) }
    }

    private static func expectation(_ framing: Framing) -> String {
        // Without a value, libcurl omits the header.
        framing.expectsContinue ? "Expect: 100-continue" : "Expect:"
    }

    /// Prevents overwriting, and identifies the stored object.
    private static func objectHeaders(
        _ upload: UploadID,
        _ attempt: UploadAttempt,
        _ address: ObjectAddress
    ) -> [String] {
        [
            "If-None-Match: *",
            "Content-Type: " + (address.path.name.hasSuffix(".gz") ? "application/gzip" : "application/octet-stream"),
            "\(StoreHeader.upload): \(upload)",
            "\(StoreHeader.attempt): \(attempt)",
        ]
    }
}
