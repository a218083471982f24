// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A certificate with its chain and its private key: an object such as `default_tls_container_data`.
///
/// A message without the key refers to the container that the device already has. State files contain such references,
/// too: a key is only in its own file.
public struct CertificateContainer: Hashable, Sendable {
    /// The container's content.
    public struct Content: Sendable {
        /// The certificate, the intermediates from its issuer on, and the decrypted private key, in PEM without comments and blank lines.
        public let pem: SecretText
        /// The certificate in PEM.
        public let certificate: String
        /// The intermediates in PEM, the issuer of the certificate first.
        public let intermediates: [String]
        /// The private key in PEM (PKCS #8), not encrypted.
        public let privateKey: SecretText
        /// The DNS names and IP addresses of the certificate, or its common name if there are none.
        public let names: [String]
        /// The end of the certificate's validity.
        public let lastSecond: UTCTimestamp

        package init(
            certificate: String,
            intermediates: [String],
            privateKey: SecretText,
            names: [String],
            lastSecond: UTCTimestamp
        ) {
            pem = SecretText(certificate + intermediates.joined() + privateKey.secret)
            self.certificate = certificate
            self.intermediates = intermediates
            self.privateKey = privateKey
            self.names = names
            self.lastSecond = lastSecond
        }
    }

    /// The control plane's id.
    public let id: Identifier
    /// The SHA-256 of the certificate in DER: what `openssl x509 -fingerprint -sha256` prints.
    public let sha256: SHA256Value
    /// The SHA-256 of ``Content/pem``; nil in a message without the key.
    package let digest: SHA256Value?
    /// The content; nil for the container that the device has.
    public let content: Content?

    package init(id: Identifier, sha256: SHA256Value, digest: SHA256Value?, content: Content?) {
        self.id = id
        self.sha256 = sha256
        self.digest = digest
        self.content = content
    }

    /// Whether two containers have the same id, certificate, chain and key.
    public static func == (first: CertificateContainer, second: CertificateContainer) -> Bool {
        first.id == second.id && first.sha256 == second.sha256 && first.digest == second.digest
    }

    /// Hashes the id and the digests.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(id)
        hasher.combine(sha256)
        hasher.combine(digest)
    }
}
