// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import TestServers

@testable import HAProxyDriver

/// HAProxy's servers, and what each command does to them, as its manual has it.
struct ServerModel {
    private var servers: [RunningServer]

    init(_ running: RunningState) { servers = running.servers }

    mutating func make(_ change: RuntimeChange) throws {
        switch change {
        case .add(let server):
            guard !servers.contains(where: { $0.name == server.name }) else { throw ServerFailure("a new name") }
            servers.append(RunningServer(server))
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
                guard $0.weight == old else { throw ServerFailure("the weight that was") }
                return $0.with(weight: weight)
            }
        case .disable(let name): try replace(name) { $0.with(isDisabled: true) }
        case .remove(let name):
            try replace(name) { $0 }
            servers.removeAll { $0.name == name }
        case .close, .open: throw ServerFailure("no front end")
        }
    }

    /// Whether HAProxy would balance exactly as if it had loaded this: in whatever order, but for the backups.
    func matches(_ wanted: RenderedConfiguration) -> Bool {
        let expected = Dictionary(uniqueKeysWithValues: wanted.servers.map { ($0.name, RunningServer($0)) })
        guard servers.count == expected.count else { return false }
        for server in servers {
            guard let other = expected[server.name], other.weight == server.weight,
                other.isDisabled == server.isDisabled, server.isDisabled || !server.isDrained
            else { return false }
            if let address = other.address, address != server.address || other.port != server.port { return false }
        }
        return MeteredProtocol.allCases.allSatisfy { metered in
            let backups = wanted.servers.filter { $0.name.metered == metered && $0.isBackup }.map(\.name)
            return servers.map(\.name).filter(Set(backups).contains) == backups
        }
    }

    private mutating func replace(_ name: ServerName, _ body: (RunningServer) throws -> RunningServer) throws {
        guard let index = servers.firstIndex(where: { $0.name == name }) else { throw ServerFailure("a server") }
        servers[index] = try body(servers[index])
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
