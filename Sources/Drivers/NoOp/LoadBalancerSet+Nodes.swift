// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension LoadBalancerSet {
    /// The nodes in the order of STATS, with their load balancers and the ids of their pools; nil for the default pool.
    var placedNodes: [(owner: LoadBalancer, pool: Identifier?, node: Node)] {
        loadBalancers.flatMap { owner in
            owner.allPools.flatMap { pool in pool.nodes.map { (owner, pool.id, $0) } }
        }
    }
}
