// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// How a load balancer finds out which of its nodes are up: the field `monitor`.
public struct HealthMonitor: Hashable, Sendable {
    /// What a check does: the field `type`.
    public enum Kind: String, NamedChoice {
        /// It opens a TCP connection.
        case connect = "CONNECT"
        /// It asks for a path and wants the status 200.
        case http = "HTTP"
    }

    /// What a check does.
    public let kind: Kind
    /// The seconds from one check to the next, 1 to 86,400.
    public let delay: Int
    /// The seconds that a check may take, 1 to `delay`.
    public let timeout: Int
    /// How many checks in a row must fail before a node is down, 1 to 1,000.
    public let attempts: Int
    /// What an HTTP check asks for.
    public let path: MonitorPath

    /// The check of a load balancer whose message has no `monitor`: a connect check every 30 seconds.
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
