// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// How the load balancer connects to a node.
public struct NodeConnections: Hashable, Sendable {
    /// The concurrent connections to the node, 1 to 2,147,483,647; nil for no limit.
    ///
    /// Further requests wait.
    public let limit: Int?
    /// The address of the device from which it connects: the field `source_address`; nil for the system's choice.
    public let source: IPAddress?
    /// The PROXY header that the node receives; nil for the load balancer's.
    public let proxyProtocol: ProxyProtocol?

    /// The default: no limit, no source address, the load balancer's PROXY header.
    public static let standard = NodeConnections(known: nil, nil, nil)

    private init(known limit: Int?, _ source: IPAddress?, _ proxyProtocol: ProxyProtocol?) {
        self.limit = limit
        self.source = source
        self.proxyProtocol = proxyProtocol
    }

    /// Creates rules.
    ///
    /// - Throws: `InvalidValue` for a limit outside its range, and for a source address that is not a unicast address.
    public init(
        limit: Int? = nil,
        source: IPAddress? = nil,
        proxyProtocol: ProxyProtocol? = nil
    ) throws(InvalidValue) {
        if let limit { try InvalidValue.requireRange(limit, 1...Int(Int32.max), "connection_limit") }
        if let source, (try? source.requireNode()) == nil {
            throw InvalidValue("must be a unicast address of this device, not \(source)", member: "source_address")
        }
        self.init(known: limit, source, proxyProtocol)
    }
}
