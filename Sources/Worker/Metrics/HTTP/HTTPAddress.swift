// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The address of an HTTP server: an IP address and a port.
struct HTTPAddress: Hashable, Sendable, CustomStringConvertible {
    /// The address.
    let host: IPAddress
    /// The port.
    let port: Port

    /// Reads an address.
    ///
    /// - Throws: `InvalidValue` unless it is `IPV4:PORT` or `[IPV6]:PORT`.
    init(_ text: String) throws(InvalidValue) {
        guard let colon = text.lastIndex(of: ":"), let number = Int(text[text.index(after: colon)...]),
            let port = try? Port(number), let host = Self.host(text[..<colon])
        else {
            throw InvalidValue(
                "must be HOST:PORT with an IPv4 address or an IPv6 address in brackets, such as 127.0.0.1:9473"
            )
        }
        self.host = host
        self.port = port
    }

    /// The address and the port.
    var description: String {
        switch host {
        case .v4(let text): "\(text):\(port)"
        case .v6(let text): "[\(text)]:\(port)"
        }
    }

    private static func host(_ text: Substring) -> IPAddress? {
        let isBracketed = text.hasPrefix("[") && text.hasSuffix("]")
        switch IPAddress(String(isBracketed ? text.dropFirst().dropLast() : text)) {
        case .v4(let address)?: return isBracketed ? nil : .v4(address)
        case .v6(let address)?: return isBracketed ? .v6(address) : nil
        case nil: return nil
        }
    }
}
