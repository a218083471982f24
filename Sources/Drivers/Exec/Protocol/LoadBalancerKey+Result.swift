// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension LoadBalancerKey {
    /// Parses the members `protocol`, `http` or `tcp`, and `id`, which is optional; nil if one is invalid.
    init?(program result: JSONValue) {
        guard let kind = result.member("protocol")?.string.flatMap(ProxyKind.init) else { return nil }
        guard let member = result.member("id"), !member.isNull else {
            self.init(kind)
            return
        }
        guard let id = member.string.flatMap({ try? Identifier($0) }) else { return nil }
        self.init(kind, id: id)
    }

    var programMembers: [JSONFragment.Member] {
        [.init("protocol", .string(proxyKind.rawValue))] + (id.map { [.init("id", .string($0.description))] } ?? [])
    }
}
