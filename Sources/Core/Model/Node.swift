// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A server that a load balancer sends its clients to.
public struct Node: Hashable, Sendable {
    /// Names the node within its load balancer.
    public let id: Identifier
    /// Where it is.
    public let address: HostAddress
    /// The port it listens on.
    public let port: Port
    /// Its share relative to the others', 0 to 256; with 0 it takes no new clients.
    public let weight: Int
    /// Whether it serves only while no other node can.
    public let isBackup: Bool
    /// What the operator wants of it.
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
