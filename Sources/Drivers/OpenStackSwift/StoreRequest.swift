// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// One request to a store.
struct StoreRequest: Sendable {
    enum Method: String {
        case put = "PUT"
        case head = "HEAD"
        case delete = "DELETE"
    }

    let method: Method
    let url: String
    let token: StorageToken
    /// The longest time for all of it.
    let limit: Duration
    /// Header lines apart from the token's.
    var headers: [String] = []
    /// Begins the content; nil for none.
    var makePart: (@Sendable () throws(ObjectStoreError) -> ContentPart)?
    /// What ends it early; nil for what goes on to its end, such as cleaning up.
    var cancellation: CancellationFlag?
}

extension StoreRequest {
    /// Makes a container; one that is there stays as it is.
    static func putContainer(
        _ url: String,
        _ address: ObjectAddress,
        limit: Duration,
        cancellation: CancellationFlag
    ) -> StoreRequest {
        StoreRequest(
            method: .put,
            url: url,
            token: address.token,
            limit: limit,
            headers: ["Content-Length: 0"],
            cancellation: cancellation
        )
    }

    /// Sends the object, in chunks, since nobody knows its size; what is there already is not overwritten.
    ///
    /// libcurl adds `Expect: 100-continue` by itself, so that a refusal comes before the content.
    static func putObject(
        _ address: ObjectAddress,
        limit: Duration,
        cancellation: CancellationFlag,
        makePart: @escaping @Sendable () throws(ObjectStoreError) -> ContentPart
    ) -> StoreRequest {
        StoreRequest(
            method: .put,
            url: address.objectURL,
            token: address.token,
            limit: limit,
            headers: ["If-None-Match: *", "Transfer-Encoding: chunked", contentType(address)],
            makePart: makePart,
            cancellation: cancellation
        )
    }

    /// Sends a segment; its name is nobody else's.
    static func putSegment(
        _ name: SegmentName,
        _ address: ObjectAddress,
        limit: Duration,
        cancellation: CancellationFlag,
        makePart: @escaping @Sendable () throws(ObjectStoreError) -> ContentPart
    ) -> StoreRequest {
        StoreRequest(
            method: .put,
            url: address.url(of: name),
            token: address.token,
            limit: limit,
            headers: ["Transfer-Encoding: chunked", "Content-Type: application/octet-stream"],
            makePart: makePart,
            cancellation: cancellation
        )
    }

    /// Sends the list that makes segments an object; what is there already is not overwritten.
    ///
    /// Cancellation waits for its end: it is short, and the segments of a list that may yet be stored could not be removed.
    static func putManifest(_ manifest: SegmentManifest, _ address: ObjectAddress, limit: Duration) -> StoreRequest {
        let bytes = manifest.render(address)
        return StoreRequest(
            method: .put,
            url: address.objectURL + "?multipart-manifest=put",
            token: address.token,
            limit: limit,
            headers: ["If-None-Match: *", "Transfer-Encoding: chunked", contentType(address)],
            makePart: { () throws(ObjectStoreError) in
                let content = try Content { () throws(ObjectStoreError) in BytesBody(bytes) }
                try content.begin()
                return ContentPart(of: content, limit: UInt64(bytes.count), beyond: .nextPart)
            }
        )
    }

    /// Asks what is there.
    static func head(_ url: String, _ address: ObjectAddress, limit: Duration) -> StoreRequest {
        StoreRequest(method: .head, url: url, token: address.token, limit: limit)
    }

    /// Removes what is there; of an object in segments, only the list of them.
    static func delete(_ url: String, _ address: ObjectAddress, limit: Duration) -> StoreRequest {
        StoreRequest(method: .delete, url: url, token: address.token, limit: limit)
    }

    private static func contentType(_ address: ObjectAddress) -> String {
        "Content-Type: " + (address.path.name.hasSuffix(".gz") ? "application/gzip" : "application/octet-stream")
    }
}
