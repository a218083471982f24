// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// An entry of the list of hosts that an ARCHIVE may send to: `HOST`, `HOST:PORT`, `https://HOST` or `https://HOST:PORT`.
///
/// An entry without a port allows every port. An entry with `https://` allows only https; one without also allows http.
/// An IPv6 address may have any spelling, in brackets, or without them if there is no port. A host name matches only
/// itself: names are not resolved.
package struct AllowedEndpoint: Hashable, Sendable, CustomStringConvertible {
    /// The entry as configured.
    package let description: String
    private let key: EndpointAuthority.Key
    private let port: Port?
    private let requiresTLS: Bool

    /// Parses an entry.
    ///
    /// - Throws: `InvalidValue`, which quotes the beginning of the entry, unless it may contain a password.
    package init(_ text: String) throws(InvalidValue) {
        guard !text.contains("@") else {
            throw InvalidValue("contains an entry with '@': expected a host without a user name or password")
        }
        var rest = text[...]
        requiresTLS = rest.prefix(8).lowercased() == "https://"
        if requiresTLS { rest = rest.dropFirst(8) }
        let quoted = Excerpt.quote(text)
        guard !rest.contains("/") else {
            throw InvalidValue("contains \(quoted): expected HOST, HOST:PORT or https://HOST[:PORT], without a path")
        }
        if case .v6(let address)? = IPAddress(String(rest)) { rest = "[\(address)]" }
        do throws(InvalidValue) {
            let authority = try EndpointAuthority(rest)
            key = EndpointAuthority.key(of: authority.host)
            port = authority.port
        } catch {
            throw InvalidValue(
                "contains \(quoted), which \(error.problem): expected HOST, HOST:PORT or https://HOST[:PORT]"
            )
        }
        description = text
    }

    /// Returns whether the entry allows an endpoint.
    package func allows(_ endpoint: StorageEndpoint) -> Bool {
        guard !requiresTLS || endpoint.scheme == "https", key == EndpointAuthority.key(of: endpoint.host) else {
            return false
        }
        return port.map { Int($0.number) == endpoint.effectivePort } ?? true
    }
}
