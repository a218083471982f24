// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The body of the load balancer's own responses with one status: an element of `error_pages`.
public struct ErrorPage: Hashable, Sendable {
    /// The status.
    public let status: Int
    /// The HTML text, at most 15,000 bytes of UTF-8.
    public let html: String

    /// The statuses whose response HAProxy can replace.
    ///
    /// It responds to text that is no HTTP (400), and to an incomplete request (408), before it knows the page.
    public static let statuses = [400, 401, 403, 404, 405, 407, 408, 410, 413, 425, 429, 500, 501, 502, 503, 504]
    /// HAProxy sends a page from one buffer of 16,384 bytes, with its header.
    private static let mostBytes = 15_000

    /// Creates a page.
    ///
    /// - Throws: `InvalidValue` for a status that HAProxy cannot replace, and for an empty or longer text.
    public init(status: Int, html: String) throws(InvalidValue) {
        guard Self.statuses.contains(status) else {
            let list = Self.statuses.map(String.init).joined(separator: ", ")
            throw InvalidValue("is no status of a page; these are: \(list)")
        }
        guard (1...Self.mostBytes).contains(html.utf8.count) else {
            throw InvalidValue("must have 1 to \(Self.mostBytes) bytes, not \(html.utf8.count)")
        }
        self.status = status
        self.html = html
    }
}
