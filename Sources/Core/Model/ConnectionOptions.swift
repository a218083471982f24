// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A load balancer's timeouts and retries: the field `options`.
public struct ConnectionOptions: Hashable, Sendable {
    /// The client's inactivity timeout in milliseconds; 0 for none.
    public let clientTimeout: Int
    /// The node's inactivity timeout in milliseconds; 0 for none.
    public let serverTimeout: Int
    /// The timeout for connecting to a node in milliseconds; 0 for none.
    public let connectTimeout: Int
    /// The number of retries of a failed connection to a node, 0 to 1,000.
    public let connectRetries: Int

    /// The defaults for a message without `options`: 30 seconds each, and 3 retries.
    public static let standard = ConnectionOptions(known: 30_000, 30_000, 30_000, 3)

    /// Creates options.
    ///
    /// - Throws: `InvalidValue` for a timeout outside 0 to 2,147,483,647 ms (HAProxy's limit), or too many retries.
    public init(
        clientTimeout: Int = standard.clientTimeout,
        serverTimeout: Int = standard.serverTimeout,
        connectTimeout: Int = standard.connectTimeout,
        connectRetries: Int = standard.connectRetries
    ) throws(InvalidValue) {
        let milliseconds = 0...Int(Int32.max)
        try InvalidValue.requireRange(clientTimeout, milliseconds, "client_timeout")
        try InvalidValue.requireRange(serverTimeout, milliseconds, "server_timeout")
        try InvalidValue.requireRange(connectTimeout, milliseconds, "connect_timeout")
        try InvalidValue.requireRange(connectRetries, 0...1000, "connect_retries")
        self.init(known: clientTimeout, serverTimeout, connectTimeout, connectRetries)
    }

    private init(known client: Int, _ server: Int, _ connect: Int, _ retries: Int) {
        clientTimeout = client
        serverTimeout = server
        connectTimeout = connect
        connectRetries = retries
    }
}
