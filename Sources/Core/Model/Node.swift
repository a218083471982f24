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

    /// Creates a node.
    ///
    /// - Throws: `InvalidValue` for a weight outside 0 to 256.
    public init(
        id: Identifier,
        address: HostAddress,
        port: Port,
        weight: Int = 1,
        isBackup: Bool = false,
        condition: NodeCondition = .enabled
    ) throws(InvalidValue) {
        try InvalidValue.requireRange(weight, 0...256, "weight")
        self.id = id
        self.address = address
        self.port = port
        self.weight = weight
        self.isBackup = isBackup
        self.condition = condition
    }
}
