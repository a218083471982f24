// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A backend server of a load balancer.
public struct Node: Hashable, Sendable {
    /// The node's id, unique in its load balancer.
    public let id: Identifier
    /// The node's address.
    public let address: HostAddress
    /// The node's port.
    public let port: Port
    /// The node's weight relative to the others, 0 to 256; with 0 it receives no new clients.
    public let weight: Int
    /// Whether it serves only if no other node is available.
    public let isBackup: Bool
    /// The node's administrative state.
    public let condition: NodeCondition
    /// Where it is checked.
    public let check: NodeCheck
    /// How the load balancer connects to it.
    public let connections: NodeConnections

    /// Creates a node.
    ///
    /// - Throws: `InvalidValue` for a weight outside 0 to 256, and for a source address of another family than the node's
    ///   address.
    public init(
        id: Identifier,
        address: HostAddress,
        port: Port,
        weight: Int = 1,
        isBackup: Bool = false,
        condition: NodeCondition = .enabled,
        check: NodeCheck = .standard,
        connections: NodeConnections = .standard
    ) throws(InvalidValue) {
        try InvalidValue.requireRange(weight, 0...256, "weight")
        self.id = id
        self.address = address
        self.port = port
        self.weight = weight
        self.isBackup = isBackup
        self.condition = condition
        self.check = check
        self.connections = connections
        if let source = connections.source { try requireSameFamily(source) }
    }

    /// Checks that a connection from an address can reach the node and the place of its checks.
    private func requireSameFamily(_ source: IPAddress) throws(InvalidValue) {
        guard case .ip(let own) = address else {
            throw InvalidValue("needs a node with an IP address, not with a host name", member: "source_address")
        }
        for other in [own, check.address ?? own] where source.isIPv4 != other.isIPv4 {
            throw InvalidValue("is \(source), of another family than \(other)", member: "source_address")
        }
    }
}

extension IPAddress {
    fileprivate var isIPv4: Bool { if case .v4 = self { true } else { false } }
}
