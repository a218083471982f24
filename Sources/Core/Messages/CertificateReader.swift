// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Reads the certificates and keys of a message.
///
/// Core has no cryptography: the program provides it.
package protocol CertificateReader: Sendable {
    /// Reads a certificate with its chain and key.
    ///
    /// - Parameters:
    ///   - id: The container's id; nil to make one from the certificate.
    ///   - source: The texts of the message.
    /// - Throws: `InvalidValue`, which names the member at fault and never quotes a key.
    func container(_ id: Identifier?, _ source: CertificateSource) throws(InvalidValue) -> CertificateContainer

    /// Returns the SHA-256 in DER of the first certificate of a text.
    ///
    /// - Throws: `InvalidValue`.
    func sha256(of certificate: String) throws(InvalidValue) -> SHA256Value

    /// Reads certificate authorities.
    ///
    /// - Throws: `InvalidValue`.
    func authorities(_ text: String) throws(InvalidValue) -> TrustFile

    /// Reads the revocation lists of certificate authorities.
    ///
    /// - Throws: `InvalidValue`, also for an authority without a valid list: its clients could not connect.
    func revocations(_ text: String, of authorities: TrustFile) throws(InvalidValue) -> TrustFile
}

/// The texts of a container in a message.
package struct CertificateSource: Sendable {
    /// The certificate in PEM.
    package let certificate: String
    /// The certificates of the issuers in PEM.
    package let intermediates: [String]
    /// The private key in PEM.
    package let privateKey: SecretText
    /// The passphrase of an encrypted key.
    package let passphrase: SecretText?
}

/// A reader for programs without certificates.
package struct NoCertificateReader: CertificateReader {
    package init() {}

    package func container(_ id: Identifier?, _ source: CertificateSource) throws(InvalidValue) -> CertificateContainer
    {
        throw Self.unsupported
    }

    package func sha256(of certificate: String) throws(InvalidValue) -> SHA256Value { throw Self.unsupported }

    package func authorities(_ text: String) throws(InvalidValue) -> TrustFile { throw Self.unsupported }

    package func revocations(_ text: String, of authorities: TrustFile) throws(InvalidValue) -> TrustFile {
        throw Self.unsupported
    }

    private static let unsupported = InvalidValue("cannot be read by this program")
}
