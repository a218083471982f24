// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A response, after which the server closes the connection.
struct HTTPResponse: Hashable, Sendable {
    /// The statuses that the server uses.
    enum Status: String, Sendable {
        case ok = "200 OK"
        case badRequest = "400 Bad Request"
        case notFound = "404 Not Found"
        case methodNotAllowed = "405 Method Not Allowed"
        case timeout = "408 Request Timeout"
        case headTooLarge = "431 Request Header Fields Too Large"
        case unavailable = "503 Service Unavailable"
    }

    /// The status.
    let status: Status
    /// The value of `Content-Type`.
    let contentType: String
    /// The body.
    let content: String

    /// Creates a response.
    init(_ status: Status, contentType: String = "text/plain; charset=utf-8", _ content: String) {
        self.status = status
        self.contentType = contentType
        self.content = content
    }

    /// Creates a response with its status as the body.
    init(_ status: Status) { self.init(status, status.rawValue + "\n") }

    /// The bytes to send.
    ///
    /// - Parameter hasContent: Whether to send the body: not for HEAD.
    func bytes(hasContent: Bool = true) -> [UInt8] {
        let content = Array(content.utf8)
        var head = "HTTP/1.1 \(status.rawValue)\r\nContent-Type: \(contentType)\r\nContent-Length: \(content.count)\r\n"
        if status == .methodNotAllowed { head += "Allow: GET, HEAD\r\n" }
        head += "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
        return Array(head.utf8) + (hasContent ? content : [])
    }
}
