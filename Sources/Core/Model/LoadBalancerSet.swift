// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The load balancers of an UPDATE: all that the device serves.
public struct LoadBalancerSet: Hashable, Sendable {
    /// The load balancers, in the message's order.
    public private(set) var loadBalancers: [LoadBalancer]
    /// The version of the configuration; nil if the UPDATE contains none.
    public private(set) var version: ConfigurationVersion?

    /// Checks that the load balancers can share one device.
    ///
    /// One load balancer alone, or one of HTTP or TERMINATED_HTTPS with one of TCP or HTTPS, need no ids. All others need
    /// one each.
    ///
    /// - Parameters:
    ///   - loadBalancers: The load balancers, in the message's order.
    ///   - version: The version of the configuration; nil for none.
    /// - Throws: `InvalidValue` for none; for ids that are missing or not unique; for two that listen on the same address
    ///   and port. The error names the member at fault, if there is one.
    public init(_ loadBalancers: [LoadBalancer], version: ConfigurationVersion? = nil) throws(InvalidValue) {
        guard !loadBalancers.isEmpty else { throw InvalidValue("must have one or two load balancers, not 0") }
        self.loadBalancers = loadBalancers
        self.version = version
        if !Self.needNoIDs(loadBalancers) { try useIDs() }
        try requireSeparateListeners()
    }

    /// Whether the load balancers have their ids in their keys: more than two, or two of the same kind.
    package var usesIDs: Bool { loadBalancers[0].key.id != nil }

    /// Returns the same load balancers with another version, or with none.
    package func with(version: ConfigurationVersion?) -> LoadBalancerSet {
        var set = self
        set.version = version
        return set
    }

    /// Returns the same load balancers, each replaced.
    ///
    /// - Parameter replace: Returns the load balancer for another one with the same listener, given its index.
    func mapped<Failure>(
        _ replace: (LoadBalancer, Int) throws(Failure) -> LoadBalancer
    ) throws(Failure) -> LoadBalancerSet {
        var set = self
        for (index, loadBalancer) in loadBalancers.enumerated() {
            set.loadBalancers[index] = try replace(loadBalancer, index)
        }
        return set
    }

    private static func needNoIDs(_ loadBalancers: [LoadBalancer]) -> Bool {
        guard loadBalancers.count <= 2 else { return false }
        return loadBalancers.count == 1
            || Set(loadBalancers.map(\.protocol.proxyKind)).count == 2
                && !loadBalancers.contains { $0.protocol == .galera }
    }

    private mutating func useIDs() throws(InvalidValue) {
        var seen: [Identifier: Int] = [:]
        for (index, loadBalancer) in loadBalancers.enumerated() {
            guard let id = loadBalancer.id else { throw missingID(at: index) }
            if let first = seen.updateValue(index, forKey: id) {
                throw InvalidValue(
                    "is \(Excerpt.quote(id.description)), the same as [\(first)]",
                    member: "[\(index)].id"
                )
            }
            loadBalancers[index].key = LoadBalancerKey(loadBalancer.protocol.proxyKind, id: id)
        }
    }

    private func missingID(at index: Int) -> InvalidValue {
        guard loadBalancers.count == 2, loadBalancers.allSatisfy({ $0.id == nil }) else {
            return InvalidValue(
                "is missing; each load balancer needs an id, unless there is one, or one HTTP and one TCP",
                member: "[\(index)].id"
            )
        }
        let found = loadBalancers.map(\.protocol.rawValue).joined(separator: " and ")
        return InvalidValue(
            "must be one HTTP and one TCP load balancer if there are two, not \(found), unless each has an id"
        )
    }

    private func requireSeparateListeners() throws(InvalidValue) {
        var known: [Port: [Int]] = [:]
        for (index, loadBalancer) in loadBalancers.enumerated() {
            for other in known[loadBalancer.port] ?? [] where Self.collide(loadBalancers[other], loadBalancer) {
                throw InvalidValue("is \(loadBalancer.port), the same as [\(other)]", member: "[\(index)].port")
            }
            known[loadBalancer.port, default: []].append(index)
        }
    }

    private static func collide(_ first: LoadBalancer, _ second: LoadBalancer) -> Bool {
        guard let one = first.address, let other = second.address else { return true }
        return one == other || one.isUnspecified || other.isUnspecified
    }
}
