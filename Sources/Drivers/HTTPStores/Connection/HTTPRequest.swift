// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// One request over HTTP.
package struct HTTPRequest {
    package enum Method: String {
        case put = "PUT"
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case delete = "DELETE"
    }

    package let method: Method
    package let url: String
    package let authorization: HTTPAuthorization
    /// The longest time for all of it.
    package let limit: Duration
    /// Header lines in addition to those of the authorization.
    package var headers: [String]
    /// Begins the content; nil for none.
    package var makePart: ContentPart.Maker?
    /// The content's bytes; nil to send it in chunks.
    package var byteCount: UInt64?
    /// How much of the answer's content is kept, in bytes.
    package var answerLimit = StoreAnswer.ordinaryContentLimit
    /// What ends it early; nil for what goes on to its end, such as cleaning up.
    package var cancellation: UploadCancellation?
    /// How long it may still take after a cancellation.
    package var cancellationGrace = Duration.zero

    /// Creates a request without content.
    ///
    /// - Parameters:
    ///   - authorization: What gives access.
    ///   - limit: The longest time for all of it.
    ///   - headers: Header lines in addition to those of the authorization.
    package init(
        method: Method,
        url: String,
        authorization: HTTPAuthorization,
        limit: Duration,
        headers: [String] = []
    ) {
        self.method = method
        self.url = url
        self.authorization = authorization
        self.limit = limit
        self.headers = headers
    }
}
