// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The headers that nodes receive: the field `insert_headers`, with Octavia's names.
public struct InsertedHeaders: Hashable, Sendable {
    /// A header.
    public enum Header: String, NamedChoice {
        /// The client's address.
        case forwardedFor = "X-Forwarded-For"
        /// The port that the client has connected to.
        case forwardedPort = "X-Forwarded-Port"
        /// `http` or `https`.
        case forwardedProto = "X-Forwarded-Proto"
        /// OpenSSL's number for the verification of the client's certificate.
        case clientVerify = "X-SSL-Client-Verify"
        /// Whether the client has shown a certificate: `1` or `0`.
        case clientHasCertificate = "X-SSL-Client-Has-Cert"
        /// The subject of the client's certificate.
        case clientName = "X-SSL-Client-DN"
        /// The common name in the subject.
        case clientCommonName = "X-SSL-Client-CN"
        /// The issuer of the client's certificate.
        case issuer = "X-SSL-Issuer"
        /// The SHA-1 of the client's certificate, in hexadecimal digits.
        case clientSHA1 = "X-SSL-Client-SHA1"
        /// The start of the certificate's validity, as `YYMMDDhhmmss`.
        case clientNotBefore = "X-SSL-Client-Not-Before"
        /// The end of the certificate's validity, as `YYMMDDhhmmss`.
        case clientNotAfter = "X-SSL-Client-Not-After"

        /// Whether it is about the client's certificate, for which the load balancer must decrypt TLS.
        public var isAboutCertificate: Bool {
            switch self {
            case .forwardedFor, .forwardedPort, .forwardedProto: false
            default: true
            }
        }
    }

    /// The headers with the value `true`, in the order of their declaration.
    public let headers: [Header]
    /// Whether X-Forwarded-For has the value `false`: nodes otherwise always receive it.
    public let omitsForwardedFor: Bool

    /// Creates headers.
    public init(_ headers: Set<Header>, omitsForwardedFor: Bool = false) {
        self.headers = Header.allCases.filter(headers.contains)
        self.omitsForwardedFor = omitsForwardedFor
    }
}
