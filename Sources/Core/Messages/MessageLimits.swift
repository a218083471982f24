// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The maximum sizes of a message.
package struct MessageLimits: Hashable, Sendable {
    /// The maximum size of a message's payload, in bytes.
    package let messageBytes: Int
    /// The maximum number of nodes in an UPDATE, in all load balancers together.
    package let nodeCount: Int

    /// The maximum number of load balancers in an UPDATE.
    package let loadBalancerCount: Int

    /// Creates limits.
    package init(messageBytes: Int = 8_388_608, nodeCount: Int = 10_000, loadBalancerCount: Int = 100) {
        self.messageBytes = messageBytes
        self.nodeCount = nodeCount
        self.loadBalancerCount = loadBalancerCount
    }
}
