// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// What a store has answered: no more of it than is needed.
package struct StoreAnswer: Hashable, Sendable {
    /// How much of the content of an ordinary answer is kept, in bytes.
    package static let ordinaryContentLimit = 16 << 10

    /// The HTTP status; 0 until there is one.
    package private(set) var status: Int
    /// The object's checksum as the store counted it.
    package private(set) var etag: EntityTag?
    /// The object's size in bytes, if the answer is to a HEAD.
    package private(set) var byteCount: UInt64?
    /// The seconds after which the store wants to be asked again.
    package private(set) var retryAfter: Int?
    /// Whether the header has come to its end.
    private(set) var hasWholeHeader = false
    /// The beginning of the answer's content.
    package private(set) var content: [UInt8] = []
    package private(set) var isContentCut = false

    /// The kind of the content, in lower case and without parameters; empty if the answer names none.
    package private(set) var mediaType = ""

    private let contentLimit: Int
    /// The headers of the store's own kind, by their names in lower case.
    private var ownHeaders: [String: String] = [:]

    /// Creates an empty answer.
    package init(contentLimit: Int = ordinaryContentLimit) {
        status = 0
        self.contentLimit = contentLimit
    }

    /// Creates an answer.
    ///
    /// - Parameters:
    ///   - status: The HTTP status.
    ///   - headers: The lines of its header.
    ///   - content: Its content.
    package init(status: Int, headers: [String] = [], content: String = "") {
        self.init()
        self.status = status
        for line in headers { takeHeader(line) }
        self.content = Array(content.utf8)
    }

    /// Whether the request was successful.
    package var isSuccess: Bool { 200...299 ~= status }

    /// Takes one line of the header.
    package mutating func takeHeader(_ line: String) {
        if line.hasPrefix("HTTP/") {
            // What came before this line was a 100 Continue's.
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
        // In seconds: a date would need two clocks that agree.
        case "retry-after": retryAfter = Int(value).flatMap { $0 >= 0 ? $0 : nil }
        default: if name.hasPrefix("x-") { ownHeaders[name] = value }
        }
    }

    /// The value of a header whose name begins with `x-`, without white space; nil if the answer has none.
    ///
    /// - Parameter name: In whatever case.
    package func ownHeader(_ name: String) -> String? { ownHeaders[name.lowercased()] }

    /// Takes some content, and keeps its beginning.
    package mutating func takeContent(_ bytes: UnsafeRawBufferPointer) {
        let room = contentLimit - content.count
        unsafe content.append(contentsOf: bytes.prefix(room))
        if bytes.count > room { isContentCut = true }
    }

    /// The store's own error text, on one line of at most 80 visible ASCII characters; empty if the content is anything
    /// else: the content of another kind, or of another status, may be data that no error may show.
    package func errorText(hiding secret: String) -> String {
        guard let text = errorContent else { return "" }
        return StoreText.line(text, hiding: secret)
    }

    /// Whether the store's own error text has a word in it, whatever its case.
    package func mentions(_ word: String) -> Bool { errorContent?.lowercased().contains(word) ?? false }

    private var errorContent: String? {
        guard status >= 300, mediaType == "text/html" || mediaType == "text/plain" else { return nil }
        var text = String(decoding: content, as: UTF8.self)
        // A token has no white space in it: the last word may be the beginning of one that was cut off.
        if isContentCut, let end = text.lastIndex(where: \.isWhitespace) { text = String(text[..<end]) }
        return mediaType == "text/html" ? StoreText.withoutTags(text) : text
    }
}
