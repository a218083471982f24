// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// How large a message may be.
package struct MessageLimits: Hashable, Sendable {
    /// The bytes of a message's payload.
    package let messageBytes: Int
    /// The nodes of an UPDATE, those of both load balancers together.
    package let nodeCount: Int

    /// Creates limits.
    package init(messageBytes: Int = 8_388_608, nodeCount: Int = 10_000) {
        self.messageBytes = messageBytes
        self.nodeCount = nodeCount
    }
}
