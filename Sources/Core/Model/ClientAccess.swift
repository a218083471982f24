// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Which clients can use a load balancer, and how many connections they can have.
public struct ClientAccess: Hashable, Sendable {
    /// The concurrent connections of the load balancer, 1 to 2,147,483,647; nil for the device's limit.
    ///
    /// Further clients wait.
    public let connectionLimit: Int?
    /// The networks whose clients can connect, in canonical form, sorted and without duplicates; nil for all clients.
    public let allowedNetworks: [IPNetwork]?
    /// The limits for each client address; nil for none.
    public let rateLimit: RateLimit?
    /// Whether each client connection must start with a PROXY header (version 1 or 2).
    public let acceptsProxyProtocol: Bool

    /// The default: all clients, without limits.
    public static let standard = ClientAccess()

    private init() {
        connectionLimit = nil
        allowedNetworks = nil
        rateLimit = nil
        acceptsProxyProtocol = false
    }

    /// Creates rules.
    ///
    /// - Throws: `InvalidValue` for a limit outside its range, and for an empty list of networks.
    public init(
        connectionLimit: Int? = nil,
        allowedNetworks: [IPNetwork]? = nil,
        rateLimit: RateLimit? = nil,
        acceptsProxyProtocol: Bool = false
    ) throws(InvalidValue) {
        let limits = 1...Int(Int32.max)
        if let connectionLimit, !limits.contains(connectionLimit) {
            throw InvalidValue(
                "must be -1, for the device's limit, or from 1 to \(limits.upperBound), not \(connectionLimit)",
                member: "connection_limit"
            )
        }
        if let allowedNetworks, allowedNetworks.isEmpty {
            throw InvalidValue("is empty: no client could connect; null allows all clients", member: "allowed_cidrs")
        }
        self.connectionLimit = connectionLimit
        self.allowedNetworks = allowedNetworks.map(IPNetwork.ordered)
        self.rateLimit = rateLimit.flatMap { $0.isEmpty ? nil : $0 }
        self.acceptsProxyProtocol = acceptsProxyProtocol
    }
}
