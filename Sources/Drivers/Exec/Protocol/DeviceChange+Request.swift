// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension DeviceChange {
    /// The method that makes the change.
    var method: Method {
        switch self {
        case .apply: .apply
        case .suspend: .suspend
        case .enable: .enable
        case .delete: .delete
        }
    }

    /// The load balancers to serve; nil for the other changes.
    var wanted: LoadBalancerSet? {
        if case .apply(let wanted) = self { wanted } else { nil }
    }

    /// The parameters of the change.
    var members: [JSONFragment.Member] { wanted.map { $0.programMembers } ?? [] }
}

extension LoadBalancerSet {
    /// The members of the UPDATE, without its action, but with private keys: the program serves them.
    fileprivate var programMembers: [JSONFragment.Member] {
        messageMembers(withKeys: true).filter { $0.name != "hpcs_action" }
    }
}
