// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// How large a message may be.
public struct MessageLimits: Hashable, Sendable {
    /// The bytes of a message's payload.
    public let messageBytes: Int
    /// The nodes of an UPDATE, those of both load balancers together.
    public let nodeCount: Int

    /// Creates limits.
    public init(messageBytes: Int = 8_388_608, nodeCount: Int = 10_000) {
        self.messageBytes = messageBytes
        self.nodeCount = nodeCount
    }
}
