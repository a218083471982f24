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

    /// The inactivity timeout of a tunnel in milliseconds, 1 to 2,147,483,647; nil for the client's and the node's
    /// inactivity timeouts.
    ///
    /// A tunnel is a TCP connection, or an HTTP connection after an upgrade (WebSocket).
    public let tunnelTimeout: Int?
    /// The timeout for a client's request header in milliseconds, 1 to 2,147,483,647, for HTTP; nil for the client's
    /// inactivity timeout.
    public let httpRequestTimeout: Int?
    /// How long a request waits for a node at its connection limit, in milliseconds, 1 to 2,147,483,647; nil for the
    /// connect timeout.
    public let queueTimeout: Int?

    /// The defaults for a message without `options`: 30 seconds each, and 3 retries.
    public static let standard = ConnectionOptions(known: 30_000, 30_000, 30_000, 3)

    /// Creates options.
    ///
    /// - Throws: `InvalidValue` for a timeout outside 0 to 2,147,483,647 ms (HAProxy's limit), or too many retries.
    public init(
        clientTimeout: Int = standard.clientTimeout,
        serverTimeout: Int = standard.serverTimeout,
        connectTimeout: Int = standard.connectTimeout,
        connectRetries: Int = standard.connectRetries,
        tunnelTimeout: Int? = nil,
        httpRequestTimeout: Int? = nil,
        queueTimeout: Int? = nil
    ) throws(InvalidValue) {
        let milliseconds = 0...Int(Int32.max)
        try InvalidValue.requireRange(clientTimeout, milliseconds, "client_timeout")
        try InvalidValue.requireRange(serverTimeout, milliseconds, "server_timeout")
        try InvalidValue.requireRange(connectTimeout, milliseconds, "connect_timeout")
        try InvalidValue.requireRange(connectRetries, 0...1000, "connect_retries")
        for (value, name) in [
            (tunnelTimeout, "tunnel_timeout"), (httpRequestTimeout, "http_request_timeout"),
            (queueTimeout, "queue_timeout"),
        ] {
            if let value { try InvalidValue.requireRange(value, 1...milliseconds.upperBound, name) }
        }
        self.init(
            known: clientTimeout,
            serverTimeout,
            connectTimeout,
            connectRetries,
            tunnelTimeout,
            httpRequestTimeout,
            queueTimeout
        )
    }

    private init(
        known client: Int,
        _ server: Int,
        _ connect: Int,
        _ retries: Int,
        _ tunnel: Int? = nil,
        _ httpRequest: Int? = nil,
        _ queue: Int? = nil
    ) {
        clientTimeout = client
        serverTimeout = server
        connectTimeout = connect
        connectRetries = retries
        tunnelTimeout = tunnel
        httpRequestTimeout = httpRequest
        queueTimeout = queue
    }
}
