// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A load balancer's health check: the field `monitor`.
public struct HealthMonitor: Hashable, Sendable {
    /// The kind of check: the field `type`.
    public enum Kind: String, NamedChoice {
        /// It opens a TCP connection.
        case connect = "CONNECT"
        /// It requests a path and expects a status, by default 200.
        case http = "HTTP"
        /// The same over TLS; it does not verify the node's certificate.
        case https = "HTTPS"
        /// It makes a TLS handshake; it does not verify the node's certificate.
        case tlsHello = "TLS-HELLO"

        /// Octavia's name of a connect check.
        package static var synonyms: [String: Kind] { ["TCP": .connect] }

        /// Octavia's checks that HAProxy does not have.
        package static var impossible: [String] { ["PING", "UDP-CONNECT"] }

        /// Whether it sends an HTTP request.
        public var sendsRequest: Bool { self == .http || self == .https }

        /// Whether it makes a TLS handshake.
        public var usesTLS: Bool { self == .https || self == .tlsHello }
    }

    /// The kind of check.
    public let kind: Kind
    /// The seconds between checks, 1 to 86,400.
    public let delay: Int
    /// The timeout of a check in seconds, 1 to `delay`.
    public let timeout: Int
    /// The number of consecutive failures after which a node is down, 1 to 1,000.
    public let attempts: Int
    /// The path that an HTTP check requests.
    public let path: MonitorPath
    /// What the check sends and expects, in addition to its path.
    public let request: MonitorRequest
    /// The number of consecutive good checks after which a node is up again, 1 to 10; nil for 2, or 1 if `attempts` is
    /// 1.
    public let maxRetries: Int?
    /// The number of consecutive failures after which a node is down, 1 to 10; nil for `attempts`.
    public let maxRetriesDown: Int?

    /// The default without `monitor`: a connect check every 30 seconds.
    public static let standard = HealthMonitor(known: .connect, 30, 30, 2)

    /// Creates a monitor.
    ///
    /// - Throws: `InvalidValue` for a number outside its range, and for a request that a check of this kind does not
    ///   send.
    public init(
        kind: Kind,
        delay: Int,
        timeout: Int,
        attempts: Int,
        path: MonitorPath = .root,
        request: MonitorRequest = .standard,
        maxRetries: Int? = nil,
        maxRetriesDown: Int? = nil
    ) throws(InvalidValue) {
        try InvalidValue.requireRange(delay, 1...86_400, "delay")
        guard (1...delay).contains(timeout) else {
            throw InvalidValue(
                "must be a whole number from 1 to the delay, which is \(delay), not \(timeout)",
                member: "timeout"
            )
        }
        try InvalidValue.requireRange(attempts, 1...1000, "attempts")
        if let maxRetries { try InvalidValue.requireRange(maxRetries, 1...10, "max_retries") }
        if let maxRetriesDown { try InvalidValue.requireRange(maxRetriesDown, 1...10, "max_retries_down") }
        if request.method != .get { try Self.require(kind, .httpMethod) }
        if request.expectedCodes != .ok { try Self.require(kind, .expectedCodes) }
        if request.domainName != nil { try Self.require(kind, .domainName) }
        self.init(known: kind, delay, timeout, attempts, path, request, maxRetries, maxRetriesDown)
    }

    /// Checks that a kind of check has a member.
    static func require(_ kind: Kind, _ member: FieldName) throws(InvalidValue) {
        let (fits, kinds) =
            member == .domainName
            ? (kind.sendsRequest || kind.usesTLS, "HTTP, HTTPS or TLS-HELLO") : (kind.sendsRequest, "HTTP or HTTPS")
        guard !fits else { return }
        throw InvalidValue(
            "needs a monitor of the type \(kinds), not \(kind.rawValue)",
            member: member.text.description
        )
    }

    private init(
        known kind: Kind,
        _ delay: Int,
        _ timeout: Int,
        _ attempts: Int,
        _ path: MonitorPath = .root,
        _ request: MonitorRequest = .standard,
        _ maxRetries: Int? = nil,
        _ maxRetriesDown: Int? = nil
    ) {
        self.kind = kind
        self.delay = delay
        self.timeout = timeout
        self.attempts = attempts
        self.path = path
        self.request = request
        self.maxRetries = maxRetries
        self.maxRetriesDown = maxRetriesDown
    }
}
