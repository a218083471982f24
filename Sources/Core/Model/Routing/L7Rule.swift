// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A condition of a policy.
public struct L7Rule: Hashable, Sendable {
    /// The part of a request that is compared.
    public enum Subject: Hashable, Sendable {
        /// The host that the client names, without its port, in any case.
        case hostName
        /// The path without the query, with its percent-encoding and its segments `.` and `..` resolved, and without
        /// empty segments; only a value with `//`, `/./` or `/../` is compared with the path as the client has sent it.
        case path
        /// The text after the last dot of the path's last segment, in any case.
        case fileType
        /// Each value of this header.
        case header(HTTPToken)
        /// Each cookie of this name.
        case cookie(HTTPToken)
        /// Whether the client has shown a certificate.
        case clientHasCertificate
        /// OpenSSL's number for the verification of the client's certificate; 0 if it is valid.
        case verificationResult
        /// This field of the subject of the client's certificate.
        case distinguishedName(HTTPToken)
    }

    /// The values of the field `type`.
    public enum Kind: String, NamedChoice {
        case hostName = "HOST_NAME"
        case path = "PATH"
        case fileType = "FILE_TYPE"
        case header = "HEADER"
        case cookie = "COOKIE"
        case clientHasCertificate = "SSL_CONN_HAS_CERT"
        case verificationResult = "SSL_VERIFY_RESULT"
        case distinguishedName = "SSL_DN_FIELD"

        /// Whether a rule needs a `key`.
        var hasKey: Bool {
            switch self {
            case .header, .cookie, .distinguishedName: true
            default: false
            }
        }

        /// Whether it is about the client's certificate.
        public var isAboutCertificate: Bool {
            switch self {
            case .clientHasCertificate, .verificationResult, .distinguishedName: true
            default: false
            }
        }

        /// The comparisons that Octavia has for it.
        var comparisons: [Comparison] {
            switch self {
            case .clientHasCertificate, .verificationResult: [.equalTo]
            case .fileType: [.equalTo, .regex]
            default: Comparison.allCases
            }
        }
    }

    /// How a part of a request is compared: the field `compare_type`.
    public enum Comparison: String, NamedChoice {
        case equalTo = "EQUAL_TO"
        case startsWith = "STARTS_WITH"
        case endsWith = "ENDS_WITH"
        case contains = "CONTAINS"
        /// A regular expression of PCRE.
        case regex = "REGEX"
    }

    /// What is compared.
    public let subject: Subject
    /// How it is compared.
    public let comparison: Comparison
    /// What it is compared to.
    public let value: L7Value
    /// Whether a request matches if the comparison fails.
    public let isInverted: Bool
    /// Its index in the message, from 0.
    public let index: Int

    /// Creates a rule.
    ///
    /// - Throws: `InvalidValue` with the member at fault: a comparison or a value that the kind does not have, or a
    ///   `key` without a kind that needs one, or the reverse.
    public init(
        _ kind: Kind,
        _ comparison: Comparison,
        key: HTTPToken?,
        value: L7Value,
        isInverted: Bool = false,
        index: Int = 0
    ) throws(InvalidValue) {
        guard kind.comparisons.contains(comparison) else {
            let names = kind.comparisons.map(\.rawValue).joined(separator: " or ")
            throw InvalidValue("must be \(names) for \(kind.rawValue)", member: "compare_type")
        }
        if key != nil, !kind.hasKey {
            throw InvalidValue("is only for HEADER, COOKIE and SSL_DN_FIELD", member: "key")
        }
        switch (kind, key) {
        case (.hostName, _): subject = .hostName
        case (.path, _): subject = .path
        case (.fileType, _): subject = .fileType
        case (.header, let key?): subject = .header(key)
        case (.cookie, let key?): subject = .cookie(key)
        case (.distinguishedName, let key?): subject = .distinguishedName(key)
        case (.clientHasCertificate, _):
            guard value.description.lowercased() == "true" else {
                throw InvalidValue("must be True for \(kind.rawValue); use invert", member: "value")
            }
            subject = .clientHasCertificate
        case (.verificationResult, _):
            guard let number = Int32(value.description), number >= 0 else {
                throw InvalidValue("must be a whole number from 0 for \(kind.rawValue)", member: "value")
            }
            subject = .verificationResult
        case (.header, nil), (.cookie, nil), (.distinguishedName, nil):
            throw InvalidValue("is missing; \(kind.rawValue) needs it", member: "key")
        }
        self.comparison = comparison
        self.value = value
        self.isInverted = isInverted
        self.index = index
    }
}

extension L7Rule {
    /// The value of the field `type`.
    public var kind: Kind {
        switch subject {
        case .hostName: .hostName
        case .path: .path
        case .fileType: .fileType
        case .header: .header
        case .cookie: .cookie
        case .clientHasCertificate: .clientHasCertificate
        case .verificationResult: .verificationResult
        case .distinguishedName: .distinguishedName
        }
    }

    /// The field `key`.
    public var key: HTTPToken? {
        switch subject {
        case .header(let key), .cookie(let key), .distinguishedName(let key): key
        default: nil
        }
    }
}
