// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The reason why a TLS connection cannot be set up or cannot go on.
///
/// The description is one sentence without key material. Names that come from a certificate are escaped and cut.
struct TLSError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure.
    enum Code: Hashable, Sendable {
        /// A file of the settings cannot be used; the configuration must change.
        case unusableFile
        /// The server's certificate is not trusted or is for another name.
        case untrustedServer
        /// The server ended the connection with a TLS alert: it rejects the client certificate or the protocol.
        case rejectedByServer
        /// The server does not speak TLS, or breaks its rules.
        case protocolViolation
        /// The server closed the connection before the handshake was complete.
        case closedInHandshake
        /// A system call or OpenSSL itself failed.
        case failed
    }

    /// The kind of failure.
    let code: Code
    /// The configuration key at fault, such as `gearman.tls.ca`; nil where the connection is at fault.
    let key: String?
    /// The reason, as the end of a sentence that begins with the key, or a sentence of its own where there is no key.
    let problem: String

    init(_ code: Code, key: String? = nil, _ problem: String) {
        self.code = code
        self.key = key
        self.problem = problem
    }

    var description: String { key.map { "\($0) \(problem)" } ?? problem }
}
