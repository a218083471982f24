// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

/// The file `log-owners.json`: which load balancers had proxies without an id in their names, and until when.
///
/// It exists once another load balancer has taken the place of one, or once the device has had load balancers with ids
/// in their names.
struct LogOwnerHistory: Hashable, Sendable {
    /// A load balancer that was the only one of its kind.
    struct Period: Hashable, Sendable {
        /// Without an id, if it had none: no archive has its lines then.
        let key: LoadBalancerKey
        /// When another load balancer of its kind took the name; nil if none has.
        var until: UTCTimestamp?
    }

    /// The most periods of each kind; rotated logs are not kept longer.
    private static let mostPeriods = 100

    private(set) var periods: [Period]
    /// Whether the device has had load balancers with ids in their names.
    ///
    /// Until then, all lines of a kind belong to whatever load balancer of that kind is archived.
    private(set) var hasIDs: Bool

    init(periods: [Period] = [], hasIDs: Bool = false) {
        self.periods = periods
        self.hasIDs = hasIDs
    }

    /// Returns the history after a change of the device.
    ///
    /// - Parameters:
    ///   - history: The history before; nil if there was none.
    ///   - old: The load balancers before; nil for none.
    /// - Returns: nil if there is still none.
    static func after(
        _ history: LogOwnerHistory?,
        from old: LoadBalancerSet?,
        to wanted: LoadBalancerSet,
        now: UTCTimestamp = .now
    ) -> LogOwnerHistory? {
        var changed = history ?? LogOwnerHistory()
        if wanted.usesIDs { changed.hasIDs = true }
        for kind in ProxyKind.allCases { changed.change(kind, from: old, to: wanted, now) }
        return changed == LogOwnerHistory() ? history : changed
    }

    private mutating func change(
        _ kind: ProxyKind,
        from old: LoadBalancerSet?,
        to wanted: LoadBalancerSet,
        _ now: UTCTimestamp
    ) {
        let before = old?.loadBalancers.first { $0.key == LoadBalancerKey(kind) }
        let after = wanted.loadBalancers.first { $0.key == LoadBalancerKey(kind) }
        if let before, after == nil || after?.id != before.id {
            // One without an id is the one that listens at its place.
            let successor = wanted.loadBalancers.first {
                $0.key.proxyKind == kind && $0.port == before.port && $0.address == before.address
            }
            let id = before.id ?? successor?.id
            if id == nil || id != after?.id {
                periods.append(Period(key: LoadBalancerKey(kind, id: id), until: after == nil ? nil : now))
            }
        } else if before == nil, after != nil {
            // The name has a new owner.
            for index in periods.indices where periods[index].key.proxyKind == kind && periods[index].until == nil {
                periods[index].until = now
            }
        }
        let own = periods.filter { $0.key.proxyKind == kind }.suffix(Self.mostPeriods)
        periods = periods.filter { $0.key.proxyKind != kind } + own
    }
}

extension LogOwnerHistory {
    private struct File: Codable {
        struct Period: Codable {
            let name: String
            let until: Int64?
        }

        let periods: [Period]
        let hasIDs: Bool?
    }

    /// The history as a file.
    var record: [UInt8] {
        StateFile.encode(
            File(
                periods: periods.map { .init(name: $0.key.name, until: $0.until?.microseconds) },
                hasIDs: hasIDs
            )
        )
    }

    /// Parses a file; nil if it is not one.
    init?(record bytes: [UInt8]) {
        guard let file = StateFile.decode(File.self, from: bytes) else { return nil }
        var periods: [Period] = []
        for period in file.periods {
            guard let key = LoadBalancerKey(name: period.name), UTCTimestamp.storable.contains(period.until ?? 0)
            else { return nil }
            periods.append(Period(key: key, until: period.until.map { UTCTimestamp(microseconds: $0) }))
        }
        self.init(periods: periods, hasIDs: file.hasIDs ?? true)
    }
}
