// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The parts of a store's response that are used.
package struct StoreAnswer: Hashable, Sendable {
    /// The most bytes kept of the content of an ordinary response.
    package static let ordinaryContentLimit = 16 << 10

    /// The HTTP status; 0 until the status line has arrived.
    package private(set) var status: Int
    /// The object's checksum as computed by the store.
    package private(set) var etag: EntityTag?
    /// The object's size in bytes, in the response to a HEAD.
    package private(set) var byteCount: UInt64?
    /// The value of `Retry-After`, in seconds.
    package private(set) var retryAfter: Int?
    /// Whether the header is complete.
    private(set) var hasWholeHeader = false
    /// The start of the response's content.
    package private(set) var content: [UInt8] = []
    package private(set) var isContentCut = false

    /// The media type of the content, in lower case and without parameters; empty if the response names none.
    package private(set) var mediaType = ""

    private let contentLimit: Int
    /// The headers whose names start with `x-`, by their names in lower case.
    private var ownHeaders: [String: String] = [:]

    /// Creates an empty response.
    package init(contentLimit: Int = ordinaryContentLimit) {
        status = 0
        self.contentLimit = contentLimit
    }

    /// Creates a response.
    ///
    /// - Parameters:
    ///   - status: The HTTP status.
    ///   - headers: The header lines.
    ///   - content: The content.
    package init(status: Int, headers: [String] = [], content: String = "") {
        self.init()
        self.status = status
        for line in headers { takeHeader(line) }
        self.content = Array(content.utf8)
    }

    /// Whether the request was successful.
    package var isSuccess: Bool { 200...299 ~= status }

    /// Parses one header line.
    package mutating func takeHeader(_ line: String) {
        if line.hasPrefix("HTTP/") {
            // The lines before this one belong to a 100 Continue.
            self = StoreAnswer(contentLimit: contentLimit)
            status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            return
        }
        guard let colon = line.firstIndex(of: ":") else {
            if line.allSatisfy(\.isNewline) { hasWholeHeader = true }
            return
        }
        let value = String(line[line.index(after: colon)...].filter { !$0.isWhitespace })
        let name = line[..<colon].lowercased()
        switch name {
        case "etag": etag = EntityTag(value)
        case "content-length": byteCount = UInt64(value)
        case "content-type": mediaType = value.prefix { $0 != ";" }.lowercased()
        // In seconds only: a date would require two synchronized clocks.
        case "retry-after": retryAfter = Int(value).flatMap { $0 >= 0 ? $0 : nil }
        default: if name.hasPrefix("x-") { ownHeaders[name] = value }
        }
    }

    /// Returns the value of a header whose name starts with `x-`, without white space; nil if there is none.
    ///
    /// - Parameter name: In any case.
    package func ownHeader(_ name: String) -> String? { ownHeaders[name.lowercased()] }

    /// Appends content up to the limit.
    package mutating func takeContent(_ bytes: UnsafeRawBufferPointer) {
        let room = contentLimit - content.count
        unsafe content.append(contentsOf: bytes.prefix(room))
        if bytes.count > room { isContentCut = true }
    }

    /// Returns the store's error text, on one line of at most 80 visible ASCII characters; empty for content of another
    /// media type or status, which may be data that no error may show.
    package func errorText(hiding secret: String) -> String {
        guard let text = errorContent else { return "" }
        return StoreText.line(text, hiding: secret)
    }

    /// Returns whether the store's error text contains a word, ignoring case.
    package func mentions(_ word: String) -> Bool { errorContent?.lowercased().contains(word) ?? false }

    private var errorContent: String? {
        guard status >= 300, mediaType == "text/html" || mediaType == "text/plain" else { return nil }
        var text = String(decoding: content, as: UTF8.self)
        // A token contains no white space: the last word may be the start of one that was cut off.
        if isContentCut, let end = text.lastIndex(where: \.isWhitespace) { text = String(text[..<end]) }
        return mediaType == "text/html" ? StoreText.withoutTags(text) : text
    }
}
