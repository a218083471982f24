// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The cheapest safe way from the running configuration to the wanted one.
enum ChangePlan: Hashable, Sendable {
    /// HAProxy already serves the wanted configuration.
    case nothing
    /// Commands to the running HAProxy; its connections and counters are not affected.
    case runtime([RuntimeChange])
    /// A new worker, which takes over the listeners, the stick table and the check results of the old one.
    case reload([ReloadReason])
    /// HAProxy is stopped and started, which closes its connections: only this makes it controllable again.
    case restart([ReloadReason])
    /// HAProxy does not run.
    case start

    /// Adding a node stops all of HAProxy's threads briefly; a thousand stops take longer than a reload.
    private static let mostChanges = 500
    /// Each is confirmed by a handshake.
    private static let mostCertificates = 100

    /// Finds the plan.
    ///
    /// - Parameters:
    ///   - running: The running configuration; nil if HAProxy does not run.
    ///   - wanted: The configuration to run.
    ///   - removed: The servers that were removed while HAProxy ran and still exist, as they were then.
    init(from running: RunningState?, to wanted: RenderedConfiguration, removed: [ServerName: ProxyServer] = [:]) {
        guard let running else {
            self = .start
            return
        }
        guard let old = running.configuration else {
            self = .reload([.unknownConfiguration])
            return
        }
        guard old.structure == wanted.structure else {
            self = .reload(Self.reasons(from: old.set, to: wanted.set))
            return
        }
        guard running.misplacedFrontends.isEmpty else {
            self = .reload(running.misplacedFrontends.map(ReloadReason.frontendMisplaced))
            return
        }
        guard !old.isSuspended || wanted.isSuspended || !running.hasDisabledFrontends else {
            self = .reload([.frontendsDisabled])
            return
        }
        let comparison = ServerComparison(from: running, old, to: wanted, removed: removed)
        let certificates = CertificateChange.all(
            from: old.certificates,
            to: wanted.certificates,
            faults: running.certificateFaults
        )
        let frontends = wanted.set.loadBalancers.map(\.key)
        let switches: [RuntimeChange] =
            switch (old.isSuspended, wanted.isSuspended) {
            case (false, true): frontends.map(RuntimeChange.close)
            case (true, false): frontends.map(RuntimeChange.open)
            default: []
            }
        if !comparison.obstacles.isEmpty {
            self = .reload(comparison.obstacles)
        } else if comparison.changes.count > Self.mostChanges {
            self = .reload([.manyChanges(comparison.changes.count)])
        } else if certificates.count > Self.mostCertificates {
            self = .reload([.manyCertificates(certificates.count)])
        } else {
            let changes =
                comparison.changes + certificates.map(RuntimeChange.certificate) + switches
                + Self.listChanges(from: old, to: wanted)
            self = changes.isEmpty ? .nothing : .runtime(changes)
        }
    }

    /// Whether front ends open ports that are closed, or may be.
    var opensPorts: Bool {
        switch self {
        case .nothing: false
        case .runtime(let changes): changes.contains { if case .open = $0 { true } else { false } }
        case .reload, .restart, .start: true
        }
    }

    /// The lists of networks with other contents; their names are equal if the structure is.
    private static func listChanges(
        from old: RenderedConfiguration,
        to wanted: RenderedConfiguration
    ) -> [RuntimeChange] {
        wanted.lists.filter { !old.lists.contains($0) }.map(RuntimeChange.replaceList)
    }

    private static func reasons(from old: LoadBalancerSet, to wanted: LoadBalancerSet) -> [ReloadReason] {
        let before = Dictionary(old.loadBalancers.map { ($0.key, $0) }) { first, _ in first }
        let after = Set(wanted.loadBalancers.map(\.key))
        var reasons = wanted.loadBalancers.flatMap { loadBalancer -> [ReloadReason] in
            before[loadBalancer.key].map { Self.reasons(from: $0, to: loadBalancer) }
                ?? [.loadBalancerAdded(loadBalancer.key)]
        }
        reasons += old.loadBalancers.map(\.key).filter { !after.contains($0) }.map(ReloadReason.loadBalancerRemoved)
        return reasons.isEmpty ? [.settingsChanged] : reasons
    }

    private static func reasons(from before: LoadBalancer, to after: LoadBalancer) -> [ReloadReason] {
        let key = after.key
        var reasons: [ReloadReason] = []
        if before.protocol != after.protocol { reasons.append(.protocolChanged(key)) }
        if before.address != after.address || before.port != after.port { reasons.append(.listenerChanged(key)) }
        if before.access != after.access { reasons.append(.accessChanged(key)) }
        if before.options != after.options { reasons.append(.optionsChanged(key)) }
        if before.tls?.withoutCertificates != after.tls?.withoutCertificates { reasons.append(.tlsChanged(key)) }
        if before.redirectsToHTTPS != after.redirectsToHTTPS { reasons.append(.redirectChanged(key)) }
        if before.routing != after.routing { reasons.append(.routingChanged(key)) }
        let pools = Dictionary(before.allPools.map { ($0.id, $0) }) { first, _ in first }
        for pool in after.allPools {
            let backend = BackendName(key, pool: pool.id)
            guard let old = pools[pool.id] else {
                reasons.append(.poolAdded(backend))
                continue
            }
            if old.algorithm != pool.algorithm { reasons.append(.algorithmChanged(backend)) }
            if old.monitor != pool.monitor { reasons.append(.monitorChanged(backend)) }
            if old.persistence != pool.persistence { reasons.append(.persistenceChanged(backend)) }
        }
        let names = Set(after.allPools.map(\.id))
        reasons += before.pools.filter { !names.contains($0.id) }.map { .poolRemoved(BackendName(key, pool: $0.id)) }
        return reasons
    }
}

extension ListenerTLS {
    /// What only a reload can change.
    fileprivate var withoutCertificates: [AnyHashable] {
        [versions, ciphers, alpnProtocols, clientAuthentication, strictTransportSecurity]
    }
}

extension ChangePlan: CustomStringConvertible {
    /// `nothing`, `runtime`, `reload`, `restart` or `start`.
    var kind: String {
        switch self {
        case .nothing: "nothing"
        case .runtime: "runtime"
        case .reload: "reload"
        case .restart: "restart"
        case .start: "start"
        }
    }

    /// For example `without a reload: weight of http-servers/id-1 from 1 to 5; …`.
    var description: String {
        switch self {
        case .nothing: return "nothing to do"
        case .start: return "start HAProxy"
        case .restart(let reasons): return "restart, because " + Self.list(reasons.map(\.description))
        case .reload(let reasons): return "reload, because " + Self.list(reasons.map(\.description))
        case .runtime(let changes):
            return "without a reload: " + Self.list(changes.map(\.description))
        }
    }

    private static func list(_ parts: [String], atMost limit: Int = 20) -> String {
        let more = parts.count - limit
        return parts.prefix(limit).joined(separator: "; ") + (more > 0 ? "; and \(more) more" : "")
    }
}
