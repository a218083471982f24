// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The host name that a check sends: the field `domain_name`.
///
/// It is the Host header of an HTTP request, and the server name (SNI) of a TLS handshake.
public struct DomainName: Hashable, Sendable, CustomStringConvertible {
    /// The name without a trailing dot: labels of letters, digits, `-` and `_`, separated by dots; at most 253 bytes.
    public let description: String

    /// Validates a name.
    ///
    /// - Throws: `InvalidValue` for anything but a host name (RFC 1123), for example an IP address.
    public init(_ text: String) throws(InvalidValue) {
        guard case .name(let name)? = try? HostAddress(text) else {
            throw InvalidValue("must be a host name such as www.example.com, not \(Excerpt.quote(text))")
        }
        description = name.hasSuffix(".") ? String(name.dropLast()) : name
    }
}
