// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The URL of an object store: http or https, up to the account, such as `https://example.com/v1/100`.
public struct StorageEndpoint: Hashable, Sendable, CustomStringConvertible {
    /// `http` or `https`.
    public let scheme: String
    /// The host in lower case; an IPv6 address with its brackets.
    public let host: String
    /// The port, if the URL contains one.
    public let port: Port?
    /// The path without a trailing slash; empty, or with a leading slash.
    public let path: String

    /// Parses a URL.
    ///
    /// - Throws: `InvalidValue`, which never quotes the URL, because it may contain a secret: for another scheme; for
    ///   credentials, a query or a fragment; for a missing host or an invalid port; for `..`, a backslash, or anything
    ///   but visible ASCII; for more than 2,048 bytes.
    public init(_ text: String) throws(InvalidValue) {
        guard text.utf8.count <= 2048 else { throw InvalidValue("must be at most 2048 bytes, not \(text.utf8.count)") }
        guard text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }), !text.utf8.contains(where: { Self.refused.contains($0) })
        else {
            throw InvalidValue("must be a URL of visible ASCII without quotes, backslashes and spaces")
        }
        guard let mark = text.firstRange(of: "://"),
            case let scheme = text[..<mark.lowerBound].lowercased(), scheme == "http" || scheme == "https"
        else { throw InvalidValue("must begin with http:// or https://") }
        let rest = text[mark.upperBound...]
        guard !rest.contains("?"), !rest.contains("#") else {
            throw InvalidValue("must not contain a query or a fragment")
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<slash]
        guard !authority.contains("@") else { throw InvalidValue("must not contain a user name or a password") }
        self.scheme = scheme
        let parsed = try EndpointAuthority(authority)
        (host, port) = (parsed.host, parsed.port)
        let segments = rest[slash...].split(separator: "/")
        guard !segments.contains(where: { $0 == ".." || $0 == "." || Self.isEncodedDot($0) }) else {
            throw InvalidValue("must not contain '.' or '..' in its path")
        }
        path = segments.isEmpty ? "" : "/" + segments.joined(separator: "/")
    }

    /// The URL, without a trailing slash.
    public var description: String { "\(scheme)://\(authority)\(path)" }

    /// The host, and the port if the URL contains one.
    public var authority: String { port.map { "\(host):\($0)" } ?? host }

    /// The URL's port, or the scheme's default.
    public var effectivePort: Int { port.map { Int($0.number) } ?? (scheme == "https" ? 443 : 80) }

    /// Returns whether an entry of a list allows this endpoint; an empty list allows none.
    package func isAllowed(by list: [AllowedEndpoint]) -> Bool { list.contains { $0.allows(self) } }

    private static let refused = Set("\"'\\<>^`{|}".utf8)

    private static func isEncodedDot(_ segment: Substring) -> Bool {
        let decoded = segment.lowercased().replacing("%2e", with: ".")
        return decoded == "." || decoded == ".."
    }
}
