// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The host and the port of an endpoint: `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`.
struct EndpointAuthority {
    /// A host in canonical form, equal for all spellings of one host.
    enum Key: Hashable {
        case address([UInt8])
        case name(String)
    }

    /// The host in lower case; an IPv6 address in brackets and in its canonical form.
    let host: String
    /// The port, if there is one.
    let port: Port?

    /// Parses a host and a port.
    ///
    /// - Throws: `InvalidValue`, which does not quote the text.
    init(_ text: Substring) throws(InvalidValue) {
        var host = text
        var port: Port?
        let bracket = text.lastIndex(of: "]") ?? text.startIndex
        if let colon = text[bracket...].lastIndex(of: ":") {
            host = text[..<colon]
            let digits = text[text.index(after: colon)...]
            guard digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let number = Int(digits),
                let valid = try? Port(number)
            else { throw InvalidValue("must have a port from 1 to 65535 after the colon") }
            port = valid
        }
        self.port = port
        if host.hasPrefix("["), host.hasSuffix("]"),
            case .v6(let address)? = IPAddress(String(host.dropFirst().dropLast()))
        {
            self.host = "[\(address)]"
            return
        }
        guard let address = try? HostAddress(String(host)), !host.contains(":") else {
            throw InvalidValue("must name a host")
        }
        self.host = address.description.lowercased()
    }

    /// Returns the key of a host in canonical form.
    ///
    /// A trailing dot of an absolute host name is ignored.
    static func key(of host: String) -> Key {
        let bare = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        if let address = IPAddress(bare) { return .address(address.octets) }
        return .name(bare.hasSuffix(".") ? String(bare.dropLast()) : bare)
    }
}
