// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#endif

extension IPAddress {
    /// The bytes of the address, 4 or 16, the most significant first; those of the IPv4 address where an IPv6 address maps
    /// one (`::ffff:192.0.2.1`).
    package var octets: [UInt8] {
        switch self {
        case .v4(let text):
            return text.split(separator: ".").compactMap { UInt8($0) }
        case .v6(let text):
            var binary = in6_addr()
            guard inet_pton(AF_INET6, text, &binary) == 1 else { return [] }
            let octets = withUnsafeBytes(of: &binary) { Array($0) }
            let isMapped = octets[..<10].allSatisfy { $0 == 0 } && octets[10] == 0xFF && octets[11] == 0xFF
            return isMapped ? Array(octets[12...]) : octets
        }
    }

    /// Checks that a node can have the address.
    ///
    /// - Throws: `InvalidValue` for an unspecified, multicast or broadcast address.
    package func requireNode() throws(InvalidValue) {
        let octets = octets
        let kind: String
        if octets.allSatisfy({ $0 == 0 }) || octets.count == 4 && octets[0] == 0 {
            kind = "an unspecified"
        } else if octets.allSatisfy({ $0 == 0xFF }) {
            kind = "the broadcast"
        } else if octets.count == 4 ? octets[0] >> 4 == 0xE : octets[0] == 0xFF {
            kind = "a multicast"
        } else {
            return
        }
        throw InvalidValue("is \(self), \(kind) address; a node needs an address of its own")
    }
}
