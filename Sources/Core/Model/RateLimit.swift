// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The limits for each client address: the field `rate_limit`.
public struct RateLimit: Hashable, Sendable {
    /// The new connections per second of one address, 1 to 1,000,000, of which more are closed; nil for no limit.
    public let connectionsPerSecond: Int?
    /// The HTTP requests per second of one address, 1 to 1,000,000; nil for no limit.
    ///
    /// More are answered with the status 429.
    public let requestsPerSecond: Int?
    /// The concurrent connections of one address, 1 to 1,000,000, of which more are closed; nil for no limit.
    public let concurrentConnections: Int?
    /// The networks without limits, in canonical form, sorted and without duplicates.
    public let exceptions: [IPNetwork]

    private static let range = 1...1_000_000

    /// Creates limits.
    ///
    /// - Throws: `InvalidValue` for a number outside its range.
    public init(
        connectionsPerSecond: Int? = nil,
        requestsPerSecond: Int? = nil,
        concurrentConnections: Int? = nil,
        exceptions: [IPNetwork] = []
    ) throws(InvalidValue) {
        for (value, name) in [
            (connectionsPerSecond, "connections_per_second"), (requestsPerSecond, "requests_per_second"),
            (concurrentConnections, "concurrent_connections"),
        ] {
            if let value { try InvalidValue.requireRange(value, Self.range, name) }
        }
        self.connectionsPerSecond = connectionsPerSecond
        self.requestsPerSecond = requestsPerSecond
        self.concurrentConnections = concurrentConnections
        self.exceptions = IPNetwork.ordered(exceptions)
    }

    /// Whether it limits nothing.
    public var isEmpty: Bool {
        connectionsPerSecond == nil && requestsPerSecond == nil && concurrentConnections == nil
    }
}
