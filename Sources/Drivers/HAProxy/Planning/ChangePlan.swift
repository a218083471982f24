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
        let frontends = wanted.set.loadBalancers.map(\.protocol.proxyKind)
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
        var reasons: [ReloadReason] = []
        for proxyKind in ProxyKind.allCases {
            let before = old.loadBalancers.first { $0.protocol.proxyKind == proxyKind }
            let after = wanted.loadBalancers.first { $0.protocol.proxyKind == proxyKind }
            switch (before, after) {
            case (nil, nil): break
            case (nil, _?): reasons.append(.loadBalancerAdded(proxyKind))
            case (_?, nil): reasons.append(.loadBalancerRemoved(proxyKind))
            case (let before?, let after?):
                if before.protocol != after.protocol { reasons.append(.protocolChanged(proxyKind)) }
                if before.address != after.address || before.port != after.port {
                    reasons.append(.listenerChanged(proxyKind))
                }
                if before.algorithm != after.algorithm { reasons.append(.algorithmChanged(proxyKind)) }
                if before.monitor != after.monitor { reasons.append(.monitorChanged(proxyKind)) }
                if before.access != after.access { reasons.append(.accessChanged(proxyKind)) }
                if before.options != after.options { reasons.append(.optionsChanged(proxyKind)) }
                if before.tls?.withoutCertificates != after.tls?.withoutCertificates {
                    reasons.append(.tlsChanged(proxyKind))
                }
                if before.redirectsToHTTPS != after.redirectsToHTTPS { reasons.append(.redirectChanged(proxyKind)) }
            }
        }
        return reasons.isEmpty ? [.settingsChanged] : reasons
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
