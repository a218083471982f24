// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import CCurl

/// The error of a request without a complete response.
package struct CurlError: Error, Hashable, Sendable {
    /// libcurl's code.
    package let code: UInt32
    /// libcurl's message.
    package let detail: String

    package init(_ code: CURLcode, detail: String = "") {
        self.code = code.rawValue
        self.detail = detail.isEmpty ? unsafe String(cString: curl_easy_strerror(code)) : detail
    }

    /// Nothing was sent or received for too long; libcurl's own limit would count the sender's pauses.
    package static func stalled(_ limit: Duration) -> CurlError {
        CurlError(CURLE_OPERATION_TIMEDOUT, detail: "no data sent or received for \(limit)")
    }

    /// The cause, as far as callers distinguish it.
    package enum Kind: Hashable {
        case unknownHost, unreachable, timedOut, badAuthorityFile, impossible, broken
        case unknownAuthority, certificateExpired, certificateNotYetValid, certificateForOtherHost, badCertificate
        case noTLS, oldTLS, clientCertificateRequired, noCommonTLS

        /// Whether the server is unknown or unreachable.
        package var isAbsence: Bool { self == .unknownHost || self == .unreachable || self == .timedOut }

        /// Whether another attempt may succeed.
        package var mayPass: Bool {
            switch self {
            case .unknownHost, .unreachable, .timedOut, .broken: true
            case .badAuthorityFile, .impossible, .unknownAuthority, .certificateExpired, .certificateNotYetValid,
                .certificateForOtherHost, .badCertificate, .noTLS, .oldTLS, .clientCertificateRequired, .noCommonTLS:
                false
            }
        }
    }

    /// The kind by the code, and by libcurl's message for codes with several causes.
    package var kind: Kind {
        switch CURLcode(code) {
        case CURLE_COULDNT_RESOLVE_HOST: .unknownHost
        case CURLE_COULDNT_CONNECT: .unreachable
        case CURLE_OPERATION_TIMEDOUT: .timedOut
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR: certificateKind
        case CURLE_SSL_CACERT_BADFILE: .badAuthorityFile
        // With TLS 1.3, a server rejects the client only after the handshake.
        case CURLE_SSL_CONNECT_ERROR, CURLE_RECV_ERROR, CURLE_SEND_ERROR: handshakeKind
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT,
            CURLE_BAD_FUNCTION_ARGUMENT, CURLE_UNKNOWN_OPTION, CURLE_NOT_BUILT_IN:
            .impossible
        default: .broken
        }
    }

    private var certificateKind: Kind {
        first(of: [
            ("has expired", .certificateExpired), ("not yet valid", .certificateNotYetValid),
            ("does not match", .certificateForOtherHost), ("no alternative certificate", .certificateForOtherHost),
            ("unable to obtain common name", .certificateForOtherHost),
            ("issuer certificate", .unknownAuthority), ("self-signed", .unknownAuthority),
            ("self signed", .unknownAuthority), ("unable to verify the first", .unknownAuthority),
        ]) ?? .badCertificate
    }

    private var handshakeKind: Kind {
        first(of: [
            ("wrong version number", .noTLS), ("http request", .noTLS), ("packet length too long", .noTLS),
            ("unsupported protocol", .oldTLS), ("protocol version", .oldTLS), ("no protocols available", .oldTLS),
            ("certificate required", .clientCertificateRequired), ("alert bad certificate", .clientCertificateRequired),
            ("handshake failure", .noCommonTLS), ("no shared cipher", .noCommonTLS), ("too small", .noCommonTLS),
            ("insufficient security", .noCommonTLS), ("signature type", .noCommonTLS),
        ]) ?? .broken
    }

    private func first(of texts: [(String, Kind)]) -> Kind? {
        let detail = detail.lowercased()
        return texts.first { detail.contains($0.0) }?.1
    }
}
