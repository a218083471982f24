// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore

/// The facts of a certificate in a file of the agent.
package struct CertificateFile: Hashable, Sendable {
    /// The SHA-256 of the certificate in DER.
    package let sha256: SHA256Value
    /// The SHA-1 of the certificate in DER, as HAProxy reports it: 40 hexadecimal digits in lower case.
    package let sha1: String
    /// The DNS names and IP addresses of the certificate, or its common name if there are none.
    package let names: [String]
    /// The end of its validity.
    package let lastSecond: UTCTimestamp

    /// Reads the first certificate of a text in PEM.
    ///
    /// - Returns: nil if there is none.
    package init?(pem: String) {
        guard let certificate = try? PEMText.certificates(pem, member: nil).first else { return nil }
        let details = certificate.details
        guard let sha256 = certificate.sha256, let end = details.end else { return nil }
        self.sha256 = sha256
        sha1 = certificate.sha1
        names = details.names
        lastSecond = end
    }

    /// The facts of a container with its content.
    package init?(_ container: CertificateContainer) {
        guard let content = container.content else { return nil }
        self.init(pem: content.certificate)
    }
}
