// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import TestServers

/// Back-end servers for a device, each of which responds with its name.
struct BackEnds {
    private let servers: [String: HTTPBackEnd]

    init(_ names: [String]) throws {
        servers = try Dictionary(uniqueKeysWithValues: names.map { ($0, try HTTPBackEnd(name: $0)) })
    }

    func port(_ name: String) -> Int { servers[name]?.port ?? 0 }

    func stop() { for server in servers.values { server.stop() } }
}
