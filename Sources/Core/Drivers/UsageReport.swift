// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The bytes sent to clients in a period.
public struct UsageReport: Hashable, Sendable {
    /// The bytes of one load balancer.
    public struct Entry: Hashable, Sendable {
        /// The load balancer.
        public let key: LoadBalancerKey
        /// The bytes sent to clients.
        public let bytesOut: UInt64

        /// Creates an entry.
        public init(_ key: LoadBalancerKey, bytesOut: UInt64) {
            self.key = key
            self.bytesOut = bytesOut
        }

        /// Creates an entry for the only load balancer of its kind.
        public init(proxyKind: ProxyKind, bytesOut: UInt64) {
            self.init(LoadBalancerKey(proxyKind), bytesOut: bytesOut)
        }

        /// The kind of traffic.
        public var proxyKind: ProxyKind { key.proxyKind }
    }

    /// The start of the period: the end of the last committed report.
    public let start: UTCTimestamp
    /// The end of the period.
    public let end: UTCTimestamp
    /// The bytes, one entry for each load balancer served in the period.
    public let entries: [Entry]
    /// Identifies the report's state of the driver's ledger, for `commit`.
    public let mark: UInt64
    /// The same bytes by load balancer, also where the entries have only the sum of a protocol; for `commit`.
    package var details: [Entry] = []

    /// Creates a report.
    public init(start: UTCTimestamp, end: UTCTimestamp, entries: [Entry], mark: UInt64) {
        self.start = start
        self.end = end
        self.entries = entries
        self.mark = mark
    }
}

extension UsageReport {
    /// The entries of METRICS: one for each protocol, the sum of its load balancers, and then one for each load balancer
    /// with an id in its key.
    package var summedEntries: [Entry] {
        let sums = ProxyKind.allCases.compactMap { kind -> Entry? in
            let own = entries.filter { $0.proxyKind == kind }
            return own.isEmpty ? nil : Entry(proxyKind: kind, bytesOut: own.reduce(0) { $0 &+ $1.bytesOut })
        }
        return sums + entries.filter { $0.key.id != nil }
    }
}
