// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#endif

/// An IPv4 or IPv6 address.
public enum IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// An IPv4 address, in the canonical dotted form.
    case v4(String)
    /// An IPv6 address without brackets, in the canonical form of RFC 5952; it has no zone.
    case v6(String)

    /// Parses an address.
    ///
    /// - Parameter text: Four decimal numbers with dots, or an IPv6 address without brackets and zone.
    /// - Returns: nil for anything else.
    public init?(_ text: String) { self.init(text.utf8.span) }

    init?(_ text: Span<UInt8>) {
        if Self.isDotted(text) {
            self = .v4(String(ascii: text))
        } else if let canonical = Self.canonical(text) {
            self = .v6(canonical)
        } else {
            return nil
        }
    }

    /// The address in its canonical form.
    public var description: String {
        switch self {
        case .v4(let text), .v6(let text): text
        }
    }

    /// Whether the address means all addresses of the device: `0.0.0.0` or `::`.
    public var isUnspecified: Bool { description == "0.0.0.0" || description == "::" }

    /// Whether a text is four decimal numbers with dots, as inet_pton accepts it: such a text is already canonical.
    private static func isDotted(_ text: Span<UInt8>) -> Bool {
        var numbers = 0
        var position = 0
        while true {
            let start = position
            var value = 0
            while position < text.count {
                let digit = text[position] &- UInt8(ascii: "0")
                guard digit < 10 else { break }
                value = value &* 10 &+ Int(digit)
                position &+= 1
            }
            let digits = position &- start
            guard 1...3 ~= digits, value <= 255, digits == 1 || text[start] != UInt8(ascii: "0") else { return false }
            numbers &+= 1
            if position == text.count { return numbers == 4 }
            guard numbers < 4, text[position] == UInt8(ascii: ".") else { return false }
            position &+= 1
        }
    }

    /// The canonical form of an IPv6 address; nil for anything else.
    private static func canonical(_ text: Span<UInt8>) -> String? {
        // Every address is shorter and contains a colon, and inet_pton takes a C string.
        guard text.count < Int(INET6_ADDRSTRLEN), text.allSatisfy({ $0 != 0 }),
            !text.allSatisfy({ $0 != UInt8(ascii: ":") })
        else { return nil }
        var binary = in6_addr()
        guard inet_pton(AF_INET6, String(text), &binary) == 1 else { return nil }
        let size = Int(INET6_ADDRSTRLEN)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { result in
            inet_ntop(AF_INET6, &binary, result.baseAddress, socklen_t(size)).map { String(cString: $0) }
        }
    }
}
