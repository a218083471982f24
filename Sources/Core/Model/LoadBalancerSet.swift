// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The complete configuration of a device: its version, and one load balancer, or an HTTP and a TCP one.
public struct LoadBalancerSet: Hashable, Sendable {
    /// The load balancers, in the message's order.
    public private(set) var loadBalancers: [LoadBalancer]
    /// The version of the configuration; nil if the UPDATE contains none.
    public private(set) var version: ConfigurationVersion?

    /// Checks that the load balancers can share one device.
    ///
    /// - Parameters:
    ///   - loadBalancers: The load balancers, in the message's order.
    ///   - version: The version of the configuration; nil for none.
    /// - Throws: `InvalidValue` for none or more than two; for two that are not one HTTP and one TCP (TERMINATED_HTTPS is an HTTP one, HTTPS a TCP one); for two that
    ///   listen on the same address and port. The error names the member at fault, if there is one.
    public init(_ loadBalancers: [LoadBalancer], version: ConfigurationVersion? = nil) throws(InvalidValue) {
        guard (1...2).contains(loadBalancers.count) else {
            throw InvalidValue("must have one or two load balancers, not \(loadBalancers.count)")
        }
        if loadBalancers.count == 2 {
            guard Set(loadBalancers.map(\.protocol.proxyKind)) == [.http, .tcp],
                !loadBalancers.contains(where: { $0.protocol == .galera })
            else {
                let found = loadBalancers.map(\.protocol.rawValue).joined(separator: " and ")
                throw InvalidValue("must be one HTTP and one TCP load balancer if there are two, not \(found)")
            }
            guard !Self.collide(loadBalancers[0], loadBalancers[1]) else {
                throw InvalidValue("is \(loadBalancers[1].port), the same as [0]", member: "[1].port")
            }
        }
        self.loadBalancers = loadBalancers
        self.version = version
    }

    /// Returns the same load balancers with another version, or with none.
    package func with(version: ConfigurationVersion?) -> LoadBalancerSet {
        var set = self
        set.version = version
        return set
    }

    /// Returns the same load balancers with other TLS.
    ///
    /// - Parameter replace: Returns the TLS for another one, given the index of its load balancer.
    func replacingTLS<Failure>(
        _ replace: (ListenerTLS, Int) throws(Failure) -> ListenerTLS
    ) throws(Failure) -> LoadBalancerSet {
        var set = self
        for (index, loadBalancer) in loadBalancers.enumerated() {
            if let tls = loadBalancer.tls { set.loadBalancers[index] = loadBalancer.with(try replace(tls, index)) }
        }
        return set
    }

    private static func collide(_ first: LoadBalancer, _ second: LoadBalancer) -> Bool {
        guard first.port == second.port else { return false }
        guard let one = first.address, let other = second.address else { return true }
        return one == other || one.isUnspecified || other.isUnspecified
    }
}
