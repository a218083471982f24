// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// What a store has answered: no more of it than is needed.
struct StoreAnswer: Hashable, Sendable {
    private static let greatestContent = 16 << 10

    /// The HTTP status; 0 until there is one.
    private(set) var status: Int
    /// The object's MD5 as the store counted it, in lower case and without quotes.
    private(set) var etag: String?
    /// The object's size in bytes, where one was asked for.
    private(set) var byteCount: UInt64?
    /// The seconds after which the store wants to be asked again.
    private(set) var retryAfter: Int?
    /// The beginning of the answer's content.
    private(set) var content: [UInt8] = []
    private(set) var isContentCut = false

    /// Creates an answer.
    init(status: Int = 0, etag: String? = nil, retryAfter: Int? = nil, content: String = "") {
        self.status = status
        self.etag = etag
        self.retryAfter = retryAfter
        self.content = Array(content.utf8)
    }

    /// Takes one line of the header.
    mutating func takeHeader(_ line: String) {
        if line.hasPrefix("HTTP/") {
            // What came before this line was a 100 Continue's.
            status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            etag = nil
            byteCount = nil
            retryAfter = nil
            return
        }
        guard let colon = line.firstIndex(of: ":") else { return }
        let value = line[line.index(after: colon)...].filter { !$0.isWhitespace && $0 != "\"" }
        switch line[..<colon].lowercased() {
        case "etag": etag = value.lowercased()
        case "content-length": byteCount = UInt64(value)
        // In seconds: a date would need two clocks that agree.
        case "retry-after": retryAfter = Int(value).flatMap { $0 >= 0 ? $0 : nil }
        default: break
        }
    }

    /// Takes some content, and keeps its beginning.
    mutating func takeContent(_ bytes: UnsafeRawBufferPointer) {
        let room = Self.greatestContent - content.count
        unsafe content.append(contentsOf: bytes.prefix(room))
        if bytes.count > room { isContentCut = true }
    }

    /// What the store says, on one line of at most 80 visible ASCII characters: its pages' tags are dropped, and so is
    /// every trace of the secret.
    func text(hiding secret: String) -> String {
        var text = String(decoding: content, as: UTF8.self)
        // The secret has no white space in it: what may be the beginning of one that was cut off is the last word.
        if isContentCut, let end = text.lastIndex(where: \.isWhitespace) { text = String(text[..<end]) }
        return OneLine.make(text, hiding: secret)
    }
}
