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
    public init(_ text: String) throws(InvalidValue) {
        if let address = IPAddress(text) {
            self = .ip(address)
        } else if Self.isHostName(text) {
            self = .name(text)
        } else {
            throw InvalidValue("must be an IPv4 or IPv6 address or a host name, not \(Excerpt.quote(text))")
        }
    }

    /// The address or the name.
    public var description: String {
        switch self {
        case .ip(let address): address.description
        case .name(let name): name
        }
    }

    private static func isHostName(_ text: String) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        // A last label of digits alone is a mistyped IPv4 address: no top-level domain is one.
        guard let last = labels.last, !last.allSatisfy({ 0x30...0x39 ~= $0 }) else { return false }
        return labels.allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy { byte in
                    0x30...0x39 ~= byte || 0x61...0x7A ~= byte | 0x20 || byte == UInt8(ascii: "-")
                        || byte == UInt8(ascii: "_")
                }
        }
    }
}
