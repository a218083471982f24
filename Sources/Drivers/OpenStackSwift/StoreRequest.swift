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
    var makeBody: (@Sendable () throws(ObjectStoreError) -> any ObjectBody)?
    /// What ends it early; nil for cleaning up, which goes on.
    var cancellation: CancellationFlag?
}

extension StoreRequest {
    /// Makes the container; one that is there stays as it is.
    static func putContainer(
        _ address: ObjectAddress,
        limit: Duration,
        cancellation: CancellationFlag
    ) -> StoreRequest {
        StoreRequest(
            method: .put,
            url: address.containerURL,
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
        makeBody: @escaping @Sendable () throws(ObjectStoreError) -> any ObjectBody
    ) -> StoreRequest {
        let type = address.path.name.hasSuffix(".gz") ? "application/gzip" : "application/octet-stream"
        return StoreRequest(
            method: .put,
            url: address.objectURL,
            token: address.token,
            limit: limit,
            headers: ["If-None-Match: *", "Transfer-Encoding: chunked", "Content-Type: \(type)"],
            makeBody: makeBody,
            cancellation: cancellation
        )
    }

    /// Asks what is there.
    static func headObject(_ address: ObjectAddress, limit: Duration) -> StoreRequest {
        StoreRequest(method: .head, url: address.objectURL, token: address.token, limit: limit)
    }

    /// Removes the object.
    static func deleteObject(_ address: ObjectAddress, limit: Duration) -> StoreRequest {
        StoreRequest(method: .delete, url: address.objectURL, token: address.token, limit: limit)
    }
}
