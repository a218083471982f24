// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A protocol that a TLS listener offers to its clients: an element of the field `alpn_protocols`.
public enum ALPNProtocol: String, NamedChoice {
    /// HTTP/2.
    case http2 = "h2"
    /// HTTP/1.1.
    case http11 = "http/1.1"
    /// HTTP/1.0.
    case http10 = "http/1.0"

    /// The default: HTTP/2 and HTTP/1.1.
    public static let standard: [ALPNProtocol] = [.http2, .http11]
}
