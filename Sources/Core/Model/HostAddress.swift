// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A node's address: an IPv4 or IPv6 address, or a host name (RFC 1123).
public enum HostAddress: Hashable, Sendable, CustomStringConvertible {
    /// An IP address.
    case ip(IPAddress)
    /// A host name: labels of letters, digits, `-` and `_`, separated by dots, optionally with a trailing dot; at most
    /// 253 characters without it.
    case name(String)

    /// Parses an address.
    ///
    /// - Throws: `InvalidValue` for anything but an address or a host name.
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
        let isAbsolute = text.count > 1 && text[text.count - 1] == UInt8(ascii: ".")
        let text = text.extracting(0..<(isAbsolute ? text.count - 1 : text.count))
        guard (1...253).contains(text.count) else { return false }
        var start = 0
        for index in 0..<text.count where text[index] == UInt8(ascii: ".") {
            guard isLabel(text.extracting(start..<index)) else { return false }
            start = index + 1
        }
        let last = text.extracting(start..<text.count)
        return isLabel(last) && !isNumber(last)
    }

    /// Whether the last label makes the text an IPv4 address to some resolvers: no top-level domain is a number.
    private static func isNumber(_ label: Span<UInt8>) -> Bool {
        let isHexadecimal = label.count > 1 && label[0] == UInt8(ascii: "0") && label[1] | 0x20 == UInt8(ascii: "x")
        guard isHexadecimal else { return label.allSatisfy { 0x30...0x39 ~= $0 } }
        return label.extracting(2..<label.count).allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 | 0x20 }
    }

    private static func isLabel(_ text: Span<UInt8>) -> Bool {
        (1...63).contains(text.count) && text[0] != UInt8(ascii: "-") && text[text.count - 1] != UInt8(ascii: "-")
            && text.allSatisfy { byte in
                0x30...0x39 ~= byte || 0x61...0x7A ~= byte | 0x20 || byte == UInt8(ascii: "-")
                    || byte == UInt8(ascii: "_")
            }
    }
}
