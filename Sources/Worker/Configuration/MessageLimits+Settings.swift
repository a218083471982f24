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
                "Largest message in bytes."
            ),
            nodeCount: try settings.integer(
                "node_count",
                default: MessageLimits().nodeCount,
                in: 1...1_000_000,
                "Most nodes of one load balancer."
            )
        )
    }
}
