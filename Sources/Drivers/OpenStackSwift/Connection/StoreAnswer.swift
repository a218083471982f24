// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// What a store has answered: no more of it than is needed.
struct StoreAnswer: Hashable, Sendable {
    /// How much of the content of an ordinary answer is kept, in bytes.
    static let ordinaryContentLimit = 16 << 10

    /// The HTTP status; 0 until there is one.
    private(set) var status: Int
    /// The object's checksum as the store counted it.
    private(set) var etag: EntityTag?
    /// The object's size in bytes, if the answer is to a HEAD.
    private(set) var byteCount: UInt64?
    /// The upload that the object is a result of.
    private(set) var uploadID: UploadID?
    /// The attempt of that upload.
    private(set) var attempt: UploadAttempt?
    /// Whether the object is a list of segments.
    private(set) var isSegmented = false
    /// The seconds after which the store wants to be asked again.
    private(set) var retryAfter: Int?
    /// The beginning of the answer's content.
    private(set) var content: [UInt8] = []
    private(set) var isContentCut = false

    private let contentLimit: Int
    private var mediaType = ""

    /// Creates an empty answer.
    init(contentLimit: Int = ordinaryContentLimit) {
        status = 0
        self.contentLimit = contentLimit
    }

    /// Creates an answer.
    ///
    /// - Parameters:
    ///   - status: The HTTP status.
    ///   - headers: The lines of its header.
    ///   - content: Its content.
    init(status: Int, headers: [String] = [], content: String = "") {
        self.init()
        self.status = status
        for line in headers { takeHeader(line) }
        self.content = Array(content.utf8)
    }

    /// Whether the request was successful.
    var isSuccess: Bool { 200...299 ~= status }

    /// Takes one line of the header.
    mutating func takeHeader(_ line: String) {
        if line.hasPrefix("HTTP/") {
            // What came before this line was a 100 Continue's.
            self = StoreAnswer(contentLimit: contentLimit)
            status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            return
        }
        guard let colon = line.firstIndex(of: ":") else { return }
        let value = String(line[line.index(after: colon)...].filter { !$0.isWhitespace })
        switch line[..<colon].lowercased() {
        case "etag": etag = EntityTag(value)
        case "content-length": byteCount = UInt64(value)
        case StoreHeader.upload.lowercased(): uploadID = UploadID(value)
        case StoreHeader.attempt.lowercased(): attempt = UploadAttempt(value)
        case "x-static-large-object": isSegmented = value.lowercased() == "true"
        case "content-type": mediaType = value.prefix { $0 != ";" }.lowercased()
        // In seconds: a date would need two clocks that agree.
        case "retry-after": retryAfter = Int(value).flatMap { $0 >= 0 ? $0 : nil }
        default: break
        }
    }

    /// Takes some content, and keeps its beginning.
    mutating func takeContent(_ bytes: UnsafeRawBufferPointer) {
        let room = contentLimit - content.count
        unsafe content.append(contentsOf: bytes.prefix(room))
        if bytes.count > room { isContentCut = true }
    }

    /// The store's own error text, on one line of at most 80 visible ASCII characters; empty if the content is anything
    /// else: the content of another kind, or of another status, may be data that no error may show.
    func errorText(hiding secret: String) -> String {
        guard let text = errorContent else { return "" }
        return StoreText.line(text, hiding: secret)
    }

    /// Whether the store's own error text has a word in it, whatever its case.
    func mentions(_ word: String) -> Bool { errorContent?.lowercased().contains(word) ?? false }

    private var errorContent: String? {
        guard status >= 300, mediaType == "text/html" || mediaType == "text/plain" else { return nil }
        var text = String(decoding: content, as: UTF8.self)
        // A token has no white space in it: the last word may be the beginning of one that was cut off.
        if isContentCut, let end = text.lastIndex(where: \.isWhitespace) { text = String(text[..<end]) }
        return mediaType == "text/html" ? StoreText.withoutTags(text) : text
    }
}
