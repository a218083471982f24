// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The name of a pool's back end in HAProxy: `http-servers` for the default pool, `http-servers:api` for the pool `api`.
///
/// No id has a colon, so that no two pools have the same name.
struct BackendName: Hashable, Sendable, CustomStringConvertible {
    /// The load balancer.
    let key: LoadBalancerKey
    /// The pool's id; nil for the default pool.
    let pool: Identifier?

    init(_ key: LoadBalancerKey, pool: Identifier? = nil) {
        self.key = key
        self.pool = pool
    }

    /// Parses a name; nil if it is not one of this driver's.
    init?(_ name: some StringProtocol) {
        let end = name.firstIndex(of: ":") ?? name.endIndex
        guard let proxy = ProxyName(backend: name[..<end]) else { return nil }
        guard end < name.endIndex else {
            self.init(proxy.key)
            return
        }
        guard let pool = try? Identifier(String(name[name.index(after: end)...])) else { return nil }
        self.init(proxy.key, pool: pool)
    }

    var description: String { ProxyName(key).backend + (pool.map { ":\($0)" } ?? "") }
}

extension LoadBalancerSet {
    /// All pools with the names of their back ends.
    var backends: [(name: BackendName, pool: Pool)] {
        loadBalancers.flatMap { loadBalancer in
            loadBalancer.allPools.map { (BackendName(loadBalancer.key, pool: $0.id), $0) }
        }
    }

    /// The new names of back ends whose load balancer has gone over to a name with its id, or back.
    func renamedBackends(since old: LoadBalancerSet) -> [BackendName: BackendName] {
        var renamed: [BackendName: BackendName] = [:]
        for before in old.loadBalancers {
            let same = loadBalancers.first {
                $0.id != nil && $0.id == before.id && $0.key != before.key
                    && $0.key.proxyKind == before.key.proxyKind
            }
            guard let same else { continue }
            for pool in before.allPools {
                renamed[BackendName(before.key, pool: pool.id)] = BackendName(same.key, pool: pool.id)
            }
        }
        return renamed
    }
}
