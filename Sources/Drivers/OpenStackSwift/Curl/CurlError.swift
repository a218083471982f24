// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CCurl

/// Says that a request got no whole answer.
struct CurlError: Error, Hashable, Sendable {
    /// libcurl's number for it.
    let code: UInt32
    /// What libcurl says, in its own words.
    let detail: String

    init(_ code: CURLcode, detail: String = "") {
        self.code = code.rawValue
        self.detail = detail.isEmpty ? unsafe String(cString: curl_easy_strerror(code)) : detail
    }

    /// Says that nothing was sent or received for too long; libcurl would count its own sender's pauses.
    static func stalled(_ limit: Duration) -> CurlError {
        CurlError(CURLE_OPERATION_TIMEDOUT, detail: "not one byte went either way for \(limit)")
    }

    /// What has happened, as far as it makes a difference.
    var kind: Kind {
        switch CURLcode(code) {
        case CURLE_COULDNT_RESOLVE_HOST: .unknownHost
        case CURLE_COULDNT_CONNECT: .unreachable
        case CURLE_OPERATION_TIMEDOUT: .timedOut
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR: .untrusted
        case CURLE_SSL_CACERT_BADFILE: .badAuthorityFile
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT,
            CURLE_BAD_FUNCTION_ARGUMENT, CURLE_UNKNOWN_OPTION, CURLE_NOT_BUILT_IN:
            .impossible
        default: .broken
        }
    }

    enum Kind {
        case unknownHost, unreachable, timedOut, untrusted, badAuthorityFile, impossible, broken

        /// Whether it may be different the next time.
        var mayPass: Bool {
            switch self {
            case .unknownHost, .unreachable, .timedOut, .broken: true
            case .untrusted, .badAuthorityFile, .impossible: false
            }
        }
    }
}
