// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// An absolute http or https URL: the fields `redirect_url` and `redirect_prefix`.
public struct WebURL: Hashable, Sendable, CustomStringConvertible {
    /// At most 512 characters that RFC 3986 allows in a URL, except `'`.
    public let description: String

    /// The longest URL.
    private static let longest = 512

    /// Validates a URL.
    ///
    /// - Throws: `InvalidValue` for anything but `http` or `https`, a host without a user, optionally a port, a path, a
    ///   query and a fragment.
    public init(_ text: String) throws(InvalidValue) {
        guard text.utf8.count <= Self.longest else {
            throw InvalidValue("must have at most \(Self.longest) characters, not \(text.utf8.count)")
        }
        guard text.utf8.allSatisfy(Self.allows), Self.hasValidEscapes(text), let host = Self.authority(of: text),
            Self.isAuthority(host)
        else {
            throw InvalidValue("must be a URL such as https://www.example.com/path, not \(Excerpt.quote(text))")
        }
        description = text
    }

    /// Validates a prefix, which a request's path and query follow.
    ///
    /// - Throws: `InvalidValue` also for a query or a fragment.
    public init(prefix text: String) throws(InvalidValue) {
        guard !text.utf8.contains(where: { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }) else {
            throw InvalidValue("must be a URL without a query and a fragment, not \(Excerpt.quote(text))")
        }
        try self.init(text)
    }

    private static func authority(of text: String) -> Substring? {
        for scheme in ["https://", "http://"] where text.lowercased().hasPrefix(scheme) {
            return text.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
        }
        return nil
    }

    private static func isAuthority(_ text: Substring) -> Bool {
        var host = text
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return false }
            let rest = text[text.index(after: end)...]
            guard isPort(rest), let address = IPAddress(String(text[text.index(after: text.startIndex)..<end])) else {
                return false
            }
            return if case .v6 = address { true } else { false }
        }
        if let colon = text.firstIndex(of: ":") {
            guard isPort(text[colon...]) else { return false }
            host = text[..<colon]
        }
        return (try? HostAddress(String(host))) != nil
    }

    /// Whether a text is empty, or a colon and a port.
    private static func isPort(_ text: Substring) -> Bool {
        guard let first = text.first else { return true }
        let digits = text.dropFirst()
        return first == ":" && digits.utf8.allSatisfy { 0x30...0x39 ~= $0 }
            && (Int(digits).map { 1...65535 ~= $0 } ?? false)
    }

    private static func hasValidEscapes(_ text: String) -> Bool {
        let parts = text.split(separator: "%", omittingEmptySubsequences: false).dropFirst()
        return parts.allSatisfy { part in
            part.utf8.count >= 2 && part.utf8.prefix(2).allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 | 0x20 }
        }
    }

    private static func allows(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~:/?#[]@!$&()*+,;=%".utf8.contains(byte)
        }
    }
}
