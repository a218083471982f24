// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import TestServers

@testable import HAProxyDriver

/// HAProxy's servers, and the effect of each command according to HAProxy's manual.
struct ServerModel {
    /// The cookie that binds a client to a server.
    private enum Cookie: Hashable {
        case none
        /// HAProxy derives it from the server's address and port.
        case made(IPAddress?, Int)
        /// The configuration contains it; no command changes it.
        case own(ServerName)
    }

    private struct Server {
        var running: RunningServer
        let isBackup: Bool
        let cookie: Cookie

        init(_ server: ProxyServer) { self.init(RunningServer(server), server) }

        /// - Parameter server: The server that HAProxy loaded.
        init(_ running: RunningServer, _ server: ProxyServer) {
            self.running = running
            isBackup = server.parameters.contains { $0.text == "backup" }
            cookie =
                if server.name.proxyKind != .http {
                    .none
                } else if server.parameters.contains(where: { $0.text.hasPrefix("cookie ") }) {
                    .own(server.name)
                } else {
                    .made(running.address, running.port)
                }
        }

        init(_ running: RunningServer, of other: Server) {
            self.running = running
            isBackup = other.isBackup
            cookie = if case .made = other.cookie { .made(running.address, running.port) } else { other.cookie }
        }
    }

    private var servers: [Server]

    /// - Parameter running: The loaded state, possibly changed manually since.
    init(_ running: RunningState) throws {
        let loaded = running.configuration?.servers ?? []
        servers = try running.servers.map { server in
            guard let known = loaded.first(where: { $0.name == server.name }) else {
                throw ServerFailure("\(server.name) was never loaded")
            }
            return Server(server, known)
        }
    }

    mutating func make(_ change: RuntimeChange) throws {
        switch change {
        case .add(let server):
            guard !servers.contains(where: { $0.running.name == server.name }) else {
                throw ServerFailure("\(server.name) already exists")
            }
            let added = Server(server)
            if case .own = added.cookie { throw ServerFailure("`add server` accepts no cookie") }
            servers.append(added)
        case .restore(let server): try replace(server.name) { _ in RunningServer(server) }
        case .move(let server, _):
            try replace(server.name) {
                RunningServer(
                    name: $0.name,
                    address: server.fixedAddress,
                    port: Int(server.port.number),
                    weight: $0.weight,
                    isDisabled: $0.isDisabled,
                    isDrained: $0.isDrained
                )
            }
        case .enable(let name): try replace(name) { $0.with(isDisabled: false, isDrained: false) }
        case .setWeight(let name, let old, let weight):
            try replace(name) {
                guard $0.weight == old else { throw ServerFailure("\(name) has the weight \($0.weight), not \(old)") }
                return $0.with(weight: weight)
            }
        case .disable(let name): try replace(name) { $0.with(isDisabled: true) }
        case .remove(let name):
            try replace(name) { $0 }
            servers.removeAll { $0.running.name == name }
        case .close, .open: throw ServerFailure("no front end")
        case .certificate: throw ServerFailure("no certificate")
        }
    }

    /// Whether HAProxy would balance exactly as if it had loaded this; only the order of backups matters.
    func matches(_ wanted: RenderedConfiguration) -> Bool {
        let expected = Dictionary(uniqueKeysWithValues: wanted.servers.map { ($0.name, Server($0)) })
        guard servers.count == expected.count else { return false }
        for server in servers {
            guard let other = expected[server.running.name], Self.isEqual(server, other) else { return false }
        }
        return ProxyKind.allCases.allSatisfy { proxyKind in
            let backups = wanted.servers.filter { $0.name.proxyKind == proxyKind && $0.isBackup }.map(\.name)
            return servers.map(\.running.name).filter(Set(backups).contains) == backups
        }
    }

    private static func isEqual(_ server: Server, _ wanted: Server) -> Bool {
        let (running, expected) = (server.running, wanted.running)
        guard server.isBackup == wanted.isBackup, running.weight == expected.weight,
            running.isDisabled == expected.isDisabled, running.isDisabled || !running.isDrained
        else { return false }
        // HAProxy resolves the name itself.
        guard let address = expected.address else { return true }
        return address == running.address && expected.port == running.port && server.cookie == wanted.cookie
    }

    private mutating func replace(_ name: ServerName, _ body: (RunningServer) throws -> RunningServer) throws {
        guard let index = servers.firstIndex(where: { $0.running.name == name }) else {
            throw ServerFailure("\(name) does not exist")
        }
        servers[index] = Server(try body(servers[index].running), of: servers[index])
    }
}

extension RunningServer {
    func with(weight: Int? = nil, isDisabled: Bool? = nil, isDrained: Bool? = nil) -> RunningServer {
        RunningServer(
            name: name,
            address: address,
            port: port,
            weight: weight ?? self.weight,
            isDisabled: isDisabled ?? self.isDisabled,
            isDrained: isDrained ?? self.isDrained
        )
    }
}
