// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// One request over HTTP.
struct HTTPRequest {
    enum Method: String {
        case put = "PUT"
        case get = "GET"
        case head = "HEAD"
        case delete = "DELETE"
    }

    let method: Method
    let url: String
    let token: StorageToken
    /// The longest time for all of it.
    let limit: Duration
    /// Header lines in addition to the token's.
    var headers: [String] = []
    /// Begins the content; nil for none.
    var makePart: (() throws(ObjectStoreError) -> ContentPart)?
    /// The content's bytes; nil to send it in chunks.
    var byteCount: UInt64?
    /// How much of the answer's content is kept, in bytes.
    var answerLimit = StoreAnswer.ordinaryContentLimit
    /// What ends it early; nil for what goes on to its end, such as cleaning up.
    var cancellation: UploadCancellation?
    /// How long it may still take after a cancellation.
    var cancellationGrace = Duration.zero
}
