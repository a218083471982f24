// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Where a node is: an IPv4 or IPv6 address, or a host name (RFC 1123).
public enum HostAddress: Hashable, Sendable, CustomStringConvertible {
    /// An IP address.
    case ip(IPAddress)
    /// A host name: labels of letters, digits, `-` and `_`, with dots between; at most 253 characters.
    case name(String)

    /// Checks an address.
    ///
    /// - Throws: `InvalidValue` for what is neither an address nor a host name.
    public init(_ text: String) throws(InvalidValue) { try self.init(text.utf8.span) }

    init(_ text: Span<UInt8>) throws(InvalidValue) {
        if let address = IPAddress(text) {
            self = .ip(address)
        } else if Self.isHostName(text) {
            self = .name(String(ascii: text))
        } else {
            throw InvalidValue("must be an IPv4 or IPv6 address or a host name, not \(Excerpt.quote(String(text)))")
        }
    }

    /// The address or the name.
    public var description: String {
        switch self {
        case .ip(let address): address.description
        case .name(let name): name
        }
    }

    private static func isHostName(_ text: Span<UInt8>) -> Bool {
        guard (1...253).contains(text.count) else { return false }
        var start = 0
        for index in 0..<text.count where text[index] == UInt8(ascii: ".") {
            guard isLabel(text.extracting(start..<index)) else { return false }
            start = index + 1
        }
        // A last label of digits alone is a mistyped IPv4 address: no top-level domain is one.
        let last = text.extracting(start..<text.count)
        return isLabel(last) && !last.allSatisfy { 0x30...0x39 ~= $0 }
    }

    private static func isLabel(_ text: Span<UInt8>) -> Bool {
        (1...63).contains(text.count) && text[0] != UInt8(ascii: "-") && text[text.count - 1] != UInt8(ascii: "-")
            && text.allSatisfy { byte in
                0x30...0x39 ~= byte || 0x61...0x7A ~= byte | 0x20 || byte == UInt8(ascii: "-")
                    || byte == UInt8(ascii: "_")
            }
    }
}
