// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// What tells a load balancer from the others of its device: its traffic is metered, and its log lines are stored, under
/// this key.
public struct LoadBalancerKey: Hashable, Sendable {
    /// The kind of its traffic.
    public let proxyKind: ProxyKind
    /// Its id; nil for the only load balancer of its kind, on a device with one or two.
    public let id: Identifier?

    /// The only HTTP load balancer.
    public static let http = LoadBalancerKey(.http)
    /// The only TCP load balancer.
    public static let tcp = LoadBalancerKey(.tcp)

    /// Creates a key.
    public init(_ proxyKind: ProxyKind, id: Identifier? = nil) {
        self.proxyKind = proxyKind
        self.id = id
    }
}

extension LoadBalancerKey: Comparable {
    /// Compares two keys by kind, and then by id.
    public static func < (first: LoadBalancerKey, second: LoadBalancerKey) -> Bool {
        (first.proxyKind.rawValue, first.id?.description ?? "")
            < (second.proxyKind.rawValue, second.id?.description ?? "")
    }
}
