// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The reason why a TLS connection cannot be established or continued.
///
/// The description is one sentence without key material. Names from a certificate are escaped and truncated.
struct TLSError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure.
    enum Code: Hashable, Sendable {
        /// A configured file is unusable; the configuration must change.
        case unusableFile
        /// The server's certificate is not trusted or is for another name.
        case untrustedServer
        /// The server ended the connection with a TLS alert: it rejects the client certificate or the protocol.
        case rejectedByServer
        /// The server does not speak TLS, or violates the protocol.
        case protocolViolation
        /// The server closed the connection before the handshake was complete.
        case closedInHandshake
        /// A system call or OpenSSL itself failed.
        case failed
    }

    /// The kind of failure.
    let code: Code
    /// The configuration key at fault, such as `gearman.tls.ca`; nil for an error of the connection.
    let key: String?
    /// The problem, as the end of a sentence that begins with the key, or as a sentence if there is no key.
    let problem: String

    init(_ code: Code, key: String? = nil, _ problem: String) {
        self.code = code
        self.key = key
        self.problem = problem
    }

    var description: String { key.map { "\($0) \(problem)" } ?? problem }
}
