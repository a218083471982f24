// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import LogFiles
import SteelyardCore

/// The load balancers to which log lines without an id belong, on a device that has had lines with ids.
///
/// The only load balancer of its kind has `http-in` or `tcp-in` in its lines. If others join it, it gets a name with its
/// id; its old lines must not be archived for them.
struct LogOwners: Sendable {
    private struct Period: Sendable {
        let key: LoadBalancerKey
        let end: LogCut
    }

    private let periods: [Period]
    /// The owner of later lines, by kind.
    private let last: [ProxyKind: LogLineOwner]

    /// - Parameter served: The load balancers that the device has; nil for none.
    init(_ history: LogOwnerHistory, served: LoadBalancerSet?) {
        periods = history.periods.compactMap { period in
            period.until.map { Period(key: period.key, end: LogCut($0)) }
        }
        var last: [ProxyKind: LogLineOwner] = [:]
        for kind in ProxyKind.allCases {
            let current = served?.loadBalancers.first { $0.key == LoadBalancerKey(kind) }
            if let current {
                last[kind] = current.id.map { .identified(LoadBalancerKey(kind, id: $0)) } ?? .loadBalancer(kind)
            } else {
                let period = history.periods.last { $0.key.proxyKind == kind }
                last[kind] = period.map { .identified($0.key) } ?? LogLineOwner.none
            }
        }
        self.last = last
    }

    /// The owner of a line without an id.
    func owner(of line: UnsafeRawBufferPointer, _ found: HAProxyLine) -> LogLineOwner {
        for period in periods where period.key.proxyKind == found.owner.proxyKind {
            if unsafe period.end.covers(line, found) { return .identified(period.key) }
        }
        return last[found.owner.proxyKind] ?? .none
    }
}
