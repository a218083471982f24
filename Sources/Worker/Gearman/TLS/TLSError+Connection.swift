// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CSSL
import SteelyardCertificates
import SteelyardCore

extension TLSError {
    /// Describes a failed connection.
    ///
    /// - Parameters:
    ///   - errors: The entries of OpenSSL's error queue.
    ///   - systemError: The errno of the failed system call; 0 if none failed.
    init(_ errors: OpenSSLErrors, systemError: Int32) {
        if let alert = errors.alert {
            let hint = Self.hint(alert: alert.number)
            self.init(.rejectedByServer, "the server rejected the TLS connection: \(alert.name)\(hint)")
        } else if errors.contains(ERR_LIB_SSL, SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST) {
            self.init(.protocolViolation, "the server does not speak TLS on this port (\(errors.reason))")
        } else if errors.contains(ERR_LIB_SSL, SSL_R_UNSUPPORTED_PROTOCOL) {
            self.init(.protocolViolation, "the server does not speak TLS 1.2 or newer (\(errors.reason))")
        } else if systemError != 0 {
            self.init(.failed, "the TLS connection failed: \(OpenSSLErrors.describe(errno: systemError))")
        } else {
            self.init(.protocolViolation, "the TLS connection failed: \(errors.reason)")
        }
    }

    /// Describes a rejected certificate.
    ///
    /// - Parameters:
    ///   - code: OpenSSL's verification result, `X509_V_ERR_…`.
    ///   - chain: The server's certificate and its known issuers.
    ///   - name: The name required in the certificate.
    init(verification code: Int, chain: [CertificateDetails], name: HostAddress) {
        var reason = unsafe String(cString: X509_verify_cert_error_string(code))
        switch Int32(code) {
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
            let names = chain.first?.names ?? []
            let owners = names.isEmpty ? "no name" : names.joined(separator: ", ")
            reason += ": the certificate is for \(owners), not for \(name)"
        case X509_V_ERR_CERT_HAS_EXPIRED:
            if let end = chain.first(where: \.hasExpired)?.lastSecond { reason += " (at \(end))" }
        case X509_V_ERR_CERT_NOT_YET_VALID:
            if let start = chain.first(where: \.isNotYetValid)?.firstSecond { reason += " (until \(start))" }
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
            X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            reason += "; gearman.tls.ca must contain the authority that issued it"
        default: break
        }
        self.init(.untrustedServer, "the server's certificate is not accepted: \(reason)")
    }

    private static func hint(alert: Int32) -> String {
        switch alert {
        case TLS1_AD_PROTOCOL_VERSION: "; it must speak TLS 1.2 or newer"
        case TLS13_AD_CERTIFICATE_REQUIRED: "; set gearman.tls.certificate and gearman.tls.key"
        case SSL3_AD_HANDSHAKE_FAILURE, SSL3_AD_BAD_CERTIFICATE...SSL3_AD_CERTIFICATE_UNKNOWN, TLS1_AD_UNKNOWN_CA,
            TLS1_AD_ACCESS_DENIED, TLS1_AD_DECRYPT_ERROR:
            "; check gearman.tls.certificate and which certificates the server accepts"
        default: ""
        }
    }
}
