// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension DeviceStatus {
    /// Parses the result of `status`.
    ///
    /// - Throws: `ProtocolFault` if a member is missing or invalid.
    init(program result: JSONValue) throws(ProtocolFault) {
        switch result.member("status")?.string {
        case "serving":
            guard let list = result.member("nodes")?.list else {
                throw ProtocolFault("answered 'status' with \"serving\" and without nodes, a list")
            }
            var nodes: [NodeStatus] = []
            nodes.reserveCapacity(list.count)
            for (index, node) in list.enumerated() { nodes.append(try NodeStatus(program: node, index)) }
            self = .serving(nodes)
        case "suspended": self = .suspended
        case "deleted": self = .deleted
        case "not_configured": self = .notConfigured
        default:
            throw ProtocolFault(
                "answered 'status' without status, which is serving, suspended, deleted or not_configured"
            )
        }
    }
}

extension NodeStatus {
    fileprivate init(program node: JSONValue, _ index: Int) throws(ProtocolFault) {
        guard let id = node.member("id")?.string.flatMap({ try? Identifier($0) }),
            let state = node.member("status")?.string.flatMap(State.init)
        else {
            throw ProtocolFault(
                "answered 'status' with a node (\(index)) without id and status: UP, DOWN, DISABLED or DRAINING"
            )
        }
        let since = node.member("since_us")?.wholeNumber.flatMap(UTCTimestamp.init(program:))
        let reason = node.member("reason")?.string.map { PrintableText.line($0, atMost: 256) }
        self.init(
            id: id,
            state: state,
            reason: reason.flatMap { $0.isEmpty ? nil : $0 },
            since: since,
            listenerProtocol: node.member("protocol")?.string.flatMap(ListenerProtocol.init),
            loadBalancer: node.member("load_balancer_id")?.string.flatMap { try? Identifier($0) },
            pool: node.member("pool_id")?.string.flatMap { try? Identifier($0) }
        )
    }
}

extension UTCTimestamp {
    /// Converts microseconds since 1970.
    ///
    /// - Returns: nil for a time before 1970 or after the year 9999.
    init?(program microseconds: Int) {
        guard Self.storable.contains(Int64(microseconds)) else { return nil }
        self.init(microseconds: Int64(microseconds))
    }
}
