// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// How a client stays with its node: the field `session_persistence`.
public enum SessionPersistence: Hashable, Sendable {
    /// By a cookie that the load balancer adds, for HTTP.
    ///
    /// It ends with the browser's session, and after this many idle seconds if there is a number.
    case httpCookie(idleSeconds: Int?)
    /// By the value of a cookie that the nodes set, for HTTP.
    case appCookie(CookieName, seconds: Int)
    /// By the client's address.
    case sourceIP(seconds: Int)
    /// Not at all.
    case none

    /// The values of the field `type`.
    public enum Kind: String, NamedChoice {
        case httpCookie = "HTTP_COOKIE"
        case appCookie = "APP_COOKIE"
        case sourceIP = "SOURCE_IP"
        case none = "NONE"
    }

    /// How long a node is remembered after a client's last connection or cookie, in seconds, without
    /// `persistence_timeout`.
    public static let standardSeconds = 1800

    /// Creates a persistence.
    ///
    /// - Throws: `InvalidValue` for a time outside 1 to 2,147,483 s (HAProxy's limit is in milliseconds), and for a name
    ///   without the kind that needs one, or the reverse.
    public init(_ kind: Kind, cookieName: CookieName?, seconds: Int?) throws(InvalidValue) {
        if let seconds { try InvalidValue.requireRange(seconds, 1...2_147_483, "persistence_timeout") }
        if kind != .appCookie, cookieName != nil {
            throw InvalidValue("is only for APP_COOKIE, not for \(kind.rawValue)", member: "cookie_name")
        }
        switch kind {
        case .httpCookie: self = .httpCookie(idleSeconds: seconds)
        case .appCookie:
            guard let cookieName else { throw InvalidValue("is missing; APP_COOKIE needs it", member: "cookie_name") }
            self = .appCookie(cookieName, seconds: seconds ?? Self.standardSeconds)
        case .sourceIP: self = .sourceIP(seconds: seconds ?? Self.standardSeconds)
        case .none:
            guard seconds == nil else {
                throw InvalidValue("has no meaning for NONE", member: "persistence_timeout")
            }
            self = .none
        }
    }

    /// The value of the field `type`.
    public var kind: Kind {
        switch self {
        case .httpCookie: .httpCookie
        case .appCookie: .appCookie
        case .sourceIP: .sourceIP
        case .none: .none
        }
    }
}
