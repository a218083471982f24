// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#endif

extension IPAddress {
    /// The bytes of the address, 4 or 16, in network order; for an IPv4-mapped IPv6 address (`::ffff:192.0.2.1`), those
    /// of the IPv4 address.
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

    /// Checks that the address is valid for a node.
    ///
    /// - Throws: `InvalidValue` for an unspecified, multicast or broadcast address.
    package func requireNode() throws(InvalidValue) {
        let kind: String?
        switch self {
        case .v4(let text): kind = Self.unusableKind(text.utf8[...])
        case .v6("::"): kind = "an unspecified"
        case .v6(let text):
            // The canonical form has four digits here, and a dotted IPv4 address only if it is mapped.
            let isMulticast = text.utf8.starts(with: "ff".utf8) && text.utf8.dropFirst(4).first == UInt8(ascii: ":")
            let mapped = text.utf8.starts(with: "::ffff:".utf8) ? text.utf8.dropFirst("::ffff:".utf8.count) : nil
            kind = isMulticast ? "a multicast" : mapped.flatMap(Self.unusableKind)
        }
        if let kind { throw InvalidValue("is \(self), \(kind) address; a node needs a unicast address") }
    }

    /// The kind of a dotted address that is invalid for a node; nil for any other text.
    private static func unusableKind(_ text: Substring.UTF8View) -> String? {
        var first = 0
        var rest = text
        while let digit = rest.popFirst(), digit != UInt8(ascii: ".") {
            guard 0x30...0x39 ~= digit, first < 256 else { return nil }
            first = first * 10 + Int(digit - 0x30)
        }
        guard !rest.isEmpty else { return nil }
        switch first {
        case 0: return "an unspecified"
        case 224...239: return "a multicast"
        case 255: return text.elementsEqual("255.255.255.255".utf8) ? "the broadcast" : nil
        default: return nil
        }
    }
}
