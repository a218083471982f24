// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension LoadBalancerKey {
    /// The start of its proxies' names, also in plans and state files: `http`, or `http-web` with the id `web`.
    var name: String { proxyKind.rawValue + (id.map { "-\($0)" } ?? "") }

    /// Parses ``name``; nil for any other text.
    init?(name: some StringProtocol) {
        guard let kind = ProxyKind.allCases.first(where: { name.hasPrefix($0.rawValue) }) else { return nil }
        let rest = name.dropFirst(kind.rawValue.count)
        guard !rest.isEmpty else {
            self.init(kind)
            return
        }
        guard rest.hasPrefix("-"), let id = try? Identifier(String(rest.dropFirst())) else { return nil }
        self.init(kind, id: id)
    }
}
