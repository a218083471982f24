// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A network of IP addresses, in CIDR notation: `192.0.2.0/24`, `2001:db8::/32`, or one address.
public struct IPNetwork: Hashable, Sendable, CustomStringConvertible {
    /// The original text.
    public let description: String
    private let octets: [UInt8]
    /// The leading bits shared by all addresses of the network.
    private let prefix: Int

    /// Parses a network.
    ///
    /// - Returns: nil for anything but an address with an optional prefix length of 0 to 32, or to 128.
    public init?(_ text: String) {
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

    private init(_ octets: [UInt8], _ prefix: Int) {
        self.octets = octets
        self.prefix = prefix
        // The longest form of an IPv6 address is parsed for its canonical form.
        let groups = stride(from: 0, to: octets.count - 1, by: 2).map {
            String(UInt16(octets[$0]) << 8 | UInt16(octets[$0 + 1]), radix: 16)
        }
        let address =
            octets.count == 4
            ? octets.map { String($0) }.joined(separator: ".") : groups.joined(separator: ":")
        description = "\(IPAddress(address)?.description ?? address)/\(prefix)"
    }

    /// The same network in the form `ADDRESS/LENGTH`, without host bits; IPv4-mapped networks are IPv4 networks.
    package var canonical: IPNetwork {
        let masked = octets.enumerated().map { index, octet in
            let bits = min(8, max(0, prefix - index * 8))
            return octet & ~UInt8(truncatingIfNeeded: 0xFF >> bits)
        }
        return IPNetwork(masked, prefix)
    }

    /// Returns networks in canonical form, sorted and without duplicates: equal sets have equal lists.
    static func ordered(_ networks: [IPNetwork]) -> [IPNetwork] {
        let unique = Set(networks.map(\.canonical))
        return unique.sorted {
            if $0.octets.count != $1.octets.count { return $0.octets.count < $1.octets.count }
            return $0.octets == $1.octets
                ? $0.prefix < $1.prefix : $0.octets.lexicographicallyPrecedes($1.octets)
        }
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
