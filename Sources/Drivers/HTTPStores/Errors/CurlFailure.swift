// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// Maps a request without a complete response to a code, a cause and a remedy.
enum CurlFailure {
    static func explanation(of kind: CurlError.Kind) -> (ObjectStoreError.Code, cause: String, advice: String) {
        switch kind {
        case .unknownHost:
            (
                .unavailable, "the object store's host name cannot be resolved",
                "check the endpoint and the DNS server"
            )
        case .unreachable:
            (.unavailable, "the object store cannot be reached", "check the endpoint, the network and the store")
        case .timedOut: (.timedOut, "the object store did not answer in time", "check the network and the store")
        case .impossible: (.refused, "the object store's URL cannot be used", "check the endpoint")
        case .broken: (.unavailable, "the connection to the object store was lost", "check the network and the store")
        case .badAuthorityFile, .unknownAuthority, .certificateExpired, .certificateNotYetValid,
            .certificateForOtherHost, .badCertificate, .noTLS, .oldTLS, .clientCertificateRequired, .noCommonTLS:
            tlsExplanation(of: kind)
        }
    }

    private static func tlsExplanation(
        of kind: CurlError.Kind
    ) -> (ObjectStoreError.Code, cause: String, advice: String) {
        switch kind {
        case .badAuthorityFile:
            (.untrusted, "the archive.ca file is unusable", "set it to a readable file of PEM certificates")
        case .unknownAuthority:
            (
                .untrusted, "the object store's certificate is not trusted: unknown certificate authority",
                "set archive.ca to a PEM file of that authority"
            )
        case .certificateExpired:
            (.untrusted, "the object store's certificate has expired", "renew it, and check this device's clock")
        case .certificateNotYetValid:
            (.untrusted, "the object store's certificate is not yet valid", "check this device's clock")
        case .certificateForOtherHost:
            (
                .untrusted, "the object store's certificate is for another host name",
                "use a name from the certificate in the endpoint, or add the endpoint's host to the certificate"
            )
        case .noTLS:
            (.unavailable, "the object store's port does not use TLS", "use http:// in the endpoint, or the TLS port")
        case .oldTLS:
            (
                .unsupported, "the object store supports neither TLS 1.2 nor a newer version",
                "enable TLS 1.2 at the store"
            )
        case .clientCertificateRequired:
            (
                .unsupported, "the object store requires a client certificate, and Steelyard sends none",
                "use an endpoint that requires none"
            )
        case .noCommonTLS:
            (
                .unsupported, "the object store and Steelyard have no TLS settings in common",
                "check the store's ciphers and key sizes, and whether it requires a client certificate"
            )
        default: (.untrusted, "the object store's certificate is not trusted", "correct the certificate")
        }
    }
}
