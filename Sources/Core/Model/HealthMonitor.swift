// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A load balancer's health check: the field `monitor`.
public struct HealthMonitor: Hashable, Sendable {
    /// The kind of check: the field `type`.
    public enum Kind: String, NamedChoice {
        /// It opens a TCP connection.
        case connect = "CONNECT"
        /// It requests a path and expects the status 200.
        case http = "HTTP"
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

    /// The default without `monitor`: a connect check every 30 seconds.
    public static let standard = HealthMonitor(known: .connect, 30, 30, 2)

    /// Creates a monitor.
    ///
    /// - Throws: `InvalidValue` for a number outside its range.
    public init(kind: Kind, delay: Int, timeout: Int, attempts: Int, path: MonitorPath = .root) throws(InvalidValue) {
        try InvalidValue.requireRange(delay, 1...86_400, "delay")
        guard (1...delay).contains(timeout) else {
            throw InvalidValue(
                "must be a whole number from 1 to the delay, which is \(delay), not \(timeout)",
                member: "timeout"
            )
        }
        try InvalidValue.requireRange(attempts, 1...1000, "attempts")
        self.init(known: kind, delay, timeout, attempts, path)
    }

    private init(known kind: Kind, _ delay: Int, _ timeout: Int, _ attempts: Int, _ path: MonitorPath = .root) {
        self.kind = kind
        self.delay = delay
        self.timeout = timeout
        self.attempts = attempts
        self.path = path
    }
}
