// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension MessageLimits {
    init(_ settings: inout SettingReader) throws(SettingError) {
        self.init(
            messageBytes: try settings.integer(
                "message_bytes",
                default: MessageLimits().messageBytes,
                in: 1024...1_073_741_824,
                "Maximum size of a message in bytes."
            ),
            nodeCount: try settings.integer(
                "node_count",
                default: MessageLimits().nodeCount,
                in: 1...1_000_000,
                "Maximum number of nodes in an UPDATE."
            ),
            loadBalancerCount: try settings.integer(
                "load_balancer_count",
                default: MessageLimits().loadBalancerCount,
                in: 1...1000,
                "Maximum number of load balancers in an UPDATE."
            )
        )
    }
}
