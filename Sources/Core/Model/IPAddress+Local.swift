// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

extension IPAddress {
    /// The networks of addresses that never belong to a server in another network, with their names.
    private static let localNetworks: [(kind: String, networks: [IPNetwork])] = [
        ("loopback", ["127.0.0.0/8", "::1"]),
        ("unspecified", ["0.0.0.0/8", "::"]),
        ("link-local", ["169.254.0.0/16", "fe80::/10"]),
        ("multicast", ["224.0.0.0/4", "ff00::/8"]),
        ("broadcast", ["255.255.255.255"]),
        // RFC 4291's deprecated IPv6 form of IPv4 addresses.
        ("IPv4-compatible", ["::/96"]),
    ]
    .map { (kind: $0.0, networks: $0.1.compactMap { IPNetwork($0) }) }

    /// The kind of an address that belongs to this device, its link, or no single device: loopback, unspecified,
    /// link-local, multicast, broadcast or IPv4-compatible; nil for any other address.
    ///
    /// An IPv4-mapped IPv6 address has the IPv4 address's kind.
    package var localKind: String? {
        Self.localNetworks.first { $0.networks.contains { $0.contains(self) } }?.kind
    }
}
