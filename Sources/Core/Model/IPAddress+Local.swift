// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

extension IPAddress {
    /// The networks in which no server of another network is, and what they are called.
    private static let localNetworks: [(kind: String, networks: [IPNetwork])] = [
        ("loopback", ["127.0.0.0/8", "::1"]),
        ("unspecified", ["0.0.0.0/8", "::"]),
        ("link-local", ["169.254.0.0/16", "fe80::/10"]),
        ("multicast", ["224.0.0.0/4", "ff00::/8"]),
        ("broadcast", ["255.255.255.255"]),
        // The IPv6 form of IPv4 addresses that RFC 4291 has deprecated.
        ("IPv4-compatible", ["::/96"]),
    ]
    .map { (kind: $0.0, networks: $0.1.compactMap { IPNetwork($0) }) }

    /// The kind of an address that names this device, its link or no single device: loopback, unspecified, link-local,
    /// multicast, broadcast or IPv4-compatible; nil for any other address.
    ///
    /// An IPv6 address that maps an IPv4 address is of the IPv4 address's kind.
    package var localKind: String? {
        Self.localNetworks.first { $0.networks.contains { $0.contains(self) } }?.kind
    }
}
