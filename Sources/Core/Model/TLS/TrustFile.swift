// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Certificate authorities or revocation lists: a field such as `client_ca_tls_container_data`.
public struct TrustFile: Hashable, Sendable {
    /// The SHA-256 of the PEM text.
    public let sha256: SHA256Value
    /// The PEM text, without comments and blank lines; nil in a state file.
    public let pem: String?

    package init(sha256: SHA256Value, pem: String?) {
        self.sha256 = sha256
        self.pem = pem
    }

    /// Whether two have the same content.
    public static func == (first: TrustFile, second: TrustFile) -> Bool { first.sha256 == second.sha256 }

    /// Hashes the digest.
    public func hash(into hasher: inout Hasher) { hasher.combine(sha256) }
}
