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
        /// Its PROXY header and source address.
        let words: [HAProxyWord]

        init(_ server: ProxyServer, _ backends: Set<BackendName>) {
            self.init(RunningServer(server), server, backends)
        }

        /// - Parameters:
        ///   - server: The server that HAProxy loaded.
        ///   - backends: The back ends with cookies.
        init(_ running: RunningServer, _ server: ProxyServer, _ backends: Set<BackendName>) {
            self.running = running
            isBackup = server.parameters.contains { $0.text == "backup" }
            words = server.connectionWords
            cookie =
                if !backends.contains(server.name.backend) {
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
            words = other.words
            cookie = if case .made = other.cookie { .made(running.address, running.port) } else { other.cookie }
        }
    }

    private var servers: [Server]
    /// The back ends with cookies, and the files of certificates and authorities: only a reload changes them.
    private let backends: Set<BackendName>
    private let files: Set<HAProxyWord>
    private var limits: [ServerName: Int]
    private var lists: [String: [IPNetwork]]

    /// - Parameter running: The loaded state, possibly changed manually since.
    init(_ running: RunningState) throws {
        let loaded = running.configuration?.servers ?? []
        let backends = running.configuration.map { Self.backendsWithCookies($0.set) } ?? []
        self.backends = backends
        files = Set(loaded.flatMap(\.files))
        limits = loaded.reduce(into: [:]) { $0[$1.name] = $1.connectionLimit }
        lists = (running.configuration?.lists ?? []).reduce(into: [:]) { $0[$1.path.text] = $1.networks }
        servers = try running.servers.map { server in
            guard let known = loaded.first(where: { $0.name == server.name }) else {
                throw ServerFailure("\(server.name) was never loaded")
            }
            return Server(server, known, backends)
        }
    }

    mutating func make(_ change: RuntimeChange) throws {
        switch change {
        case .add(let server):
            guard !servers.contains(where: { $0.running.name == server.name }) else {
                throw ServerFailure("\(server.name) already exists")
            }
            let added = Server(server, backends)
            guard files.isSuperset(of: server.files) else { throw ServerFailure("`add server` loads no file") }
            if case .own = added.cookie { throw ServerFailure("`add server` accepts no cookie") }
            servers.append(added)
            limits[server.name] = server.connectionLimit
        case .restore(let server):
            try replace(server.name) { _ in RunningServer(server) }
            limits[server.name] = server.connectionLimit
        case .move(let server, _):
            try replace(server.name) {
                RunningServer(
                    name: $0.name,
                    address: server.fixedAddress,
                    port: Int(server.port.number),
                    weight: $0.weight,
                    isDisabled: $0.isDisabled,
                    isDrained: $0.isDrained,
                    checkAddress: $0.checkAddress,
                    checkPort: $0.checkPort
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
        case .limit(let name, let limit): limits[name] = limit
        case .moveCheck(let name, let check):
            try replace(name) { running in
                running.with(
                    checkAddress: check.address ?? running.checkAddress,
                    checkPort: check.port.map { Int($0.number) } ?? running.checkPort
                )
            }
        case .replaceList(let list): lists[list.path.text] = list.networks
        case .close, .open, .certificate: throw ServerFailure("no change of a server")
        }
    }

    /// Whether HAProxy would balance exactly as if it had loaded this; only the order of backups matters.
    func matches(_ wanted: RenderedConfiguration) -> Bool {
        let cookies = Self.backendsWithCookies(wanted.set)
        guard cookies == backends else { return false }
        let expected = Dictionary(uniqueKeysWithValues: wanted.servers.map { ($0.name, Server($0, cookies)) })
        guard servers.count == expected.count else { return false }
        for server in servers {
            guard let other = expected[server.running.name], Self.isEqual(server, other) else { return false }
        }
        for server in wanted.servers where limits[server.name] != server.connectionLimit { return false }
        guard lists == wanted.lists.reduce(into: [:], { $0[$1.path.text] = $1.networks }) else { return false }
        return wanted.set.backends.allSatisfy { backend, _ in
            let backups = wanted.servers.filter { $0.name.backend == backend && $0.isBackup }.map(\.name)
            return servers.map(\.running.name).filter(Set(backups).contains) == backups
        }
    }

    private static func backendsWithCookies(_ set: LoadBalancerSet) -> Set<BackendName> {
        let all = set.loadBalancers.flatMap { loadBalancer in
            loadBalancer.allPools.compactMap { pool in
                if case .httpCookie = pool.persistence(for: loadBalancer.protocol) {
                    BackendName(loadBalancer.key, pool: pool.id)
                } else {
                    nil
                }
            }
        }
        return Set(all)
    }

    private static func isEqual(_ server: Server, _ wanted: Server) -> Bool {
        let (running, expected) = (server.running, wanted.running)
        guard running.checkAddress == expected.checkAddress, running.checkPort == expected.checkPort,
            server.words == wanted.words
        else { return false }
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
    func with(
        weight: Int? = nil,
        isDisabled: Bool? = nil,
        isDrained: Bool? = nil,
        checkAddress: IPAddress? = nil,
        checkPort: Int? = nil
    ) -> RunningServer {
        RunningServer(
            name: name,
            address: address,
            port: port,
            weight: weight ?? self.weight,
            isDisabled: isDisabled ?? self.isDisabled,
            isDrained: isDrained ?? self.isDrained,
            checkAddress: checkAddress ?? self.checkAddress,
            checkPort: checkPort ?? self.checkPort
        )
    }
}
