// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// An HTTP request.
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
    /// The longest time for the whole request.
    package let limit: Duration
    /// Header lines in addition to those of the authorization.
    package var headers: [String]
    /// Creates the content; nil for none.
    package var makePart: ContentPart.Maker?
    /// The size of the content; nil to send it in chunks.
    package var byteCount: UInt64?
    /// The most bytes kept of the response's content.
    package var answerLimit = StoreAnswer.ordinaryContentLimit
    /// Ends the request early; nil for a request that must complete, such as a clean-up.
    package var cancellation: UploadCancellation?
    /// The time that the request may still take after a cancellation.
    package var cancellationGrace = Duration.zero

    /// Creates a request without content.
    ///
    /// - Parameters:
    ///   - authorization: The credentials.
    ///   - limit: The longest time for the whole request.
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
