// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Whether clients of a TLS listener must have a certificate: the field `client_authentication`.
public enum ClientAuthentication: Hashable, Sendable {
    /// They are not asked for one.
    case none
    /// They may present one, which must be valid.
    case optional(Trust)
    /// They must present a valid one.
    case mandatory(Trust)

    /// The certificates that are valid.
    public struct Trust: Hashable, Sendable {
        /// The issuers: the field `client_ca_tls_container_data`.
        public let authorities: TrustFile
        /// The revocation lists: the field `client_crl_container_data`.
        public let revocations: TrustFile?

        /// Both.
        package var files: [TrustFile] { [authorities] + (revocations.map { [$0] } ?? []) }

        package init(authorities: TrustFile, revocations: TrustFile?) {
            self.authorities = authorities
            self.revocations = revocations
        }
    }

    /// The values of the field.
    package enum Choice: String, NamedChoice {
        case none = "NONE"
        case optional = "OPTIONAL"
        case mandatory = "MANDATORY"
    }

    /// The valid certificates; nil if clients are not asked for one.
    public var trust: Trust? {
        switch self {
        case .none: nil
        case .optional(let trust), .mandatory(let trust): trust
        }
    }

    package var choice: Choice {
        switch self {
        case .none: .none
        case .optional: .optional
        case .mandatory: .mandatory
        }
    }
}
