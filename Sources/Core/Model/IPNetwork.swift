// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A network of IP addresses, in CIDR notation: `192.0.2.0/24`, `2001:db8::/32`, or one address.
package struct IPNetwork: Hashable, Sendable, CustomStringConvertible {
    /// The original text.
    package let description: String
    private let octets: [UInt8]
    /// The leading bits shared by all addresses of the network.
    private let prefix: Int

    /// Parses a network.
    ///
    /// - Returns: nil for anything but an address with an optional prefix length of 0 to 32, or to 128.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = IPAddress(String(parts[0])) else { return nil }
        octets = address.octets
        // The prefix length of an IPv4-mapped IPv6 address includes the 96 bits before it.
        let written = if case .v4 = address { 32 } else { 128 }
        let length = parts.count == 2 ? Int(parts[1]) : written
        guard let length, (0...written).contains(length),
            parts.count == 1 || parts[1].utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
            length >= written - octets.count * 8
        else { return nil }
        prefix = length - (written - octets.count * 8)
        description = text
    }

    /// Returns whether an address is in the network; an IPv4 address and its IPv4-mapped IPv6 address are equal.
    package func contains(_ address: IPAddress) -> Bool {
        let other = address.octets
        guard other.count == octets.count else { return false }
        let (whole, rest) = prefix.quotientAndRemainder(dividingBy: 8)
        guard other[..<whole] == octets[..<whole] else { return false }
        return rest == 0 || (other[whole] ^ octets[whole]) >> (8 - rest) == 0
    }
}
