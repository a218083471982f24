// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// One change to the running HAProxy.
enum RuntimeChange: Hashable, Sendable {
    /// A node that HAProxy does not have yet.
    case add(ProxyServer)
    /// A node that was removed while HAProxy ran, still exists, and is added again unchanged.
    case restore(ProxyServer)
    /// Another address, or another port.
    case move(ProxyServer, isDown: Bool)
    /// Out of maintenance, or of a manual drain.
    case enable(ServerName)
    case setWeight(ServerName, from: Int, to: Int)
    /// Into maintenance.
    case disable(ServerName)
    /// Into maintenance until the server is deleted (`RetiredServers`).
    case remove(ServerName)
    /// Another maximum number of connections of a node; nil for none.
    case limit(ServerName, Int?)
    /// Another address or port of a node's checks.
    case moveCheck(ServerName, NodeCheck)
    /// Other clients that can connect, or that have no limits; ``HAProxySession/prepare(_:by:)`` makes the commands.
    case replaceList(NetworkList)
    /// Closes a front end's port, and refuses the next request of its clients.
    case close(LoadBalancerKey)
    /// Opens a front end's port again.
    case open(LoadBalancerKey)

    /// A certificate is replaced, added or removed; ``commands`` has none for it, because they contain its private key.
    case certificate(CertificateChange)

    /// The commands, each with the answer that means success.
    var commands: [RuntimeCommand] {
        switch self {
        case .certificate: return []
        case .add(let server):
            let added = RuntimeCommand(["add", "server"] + server.addition, answers: .text("New server registered."))
            let checked = RuntimeCommand("enable health", "\(server.name)")
            let ready = RuntimeCommand("set server", "\(server.name)", "state ready")
            return [added] + Self.move(server, isDown: false).commands + [checked] + (server.isDisabled ? [] : [ready])
        case .restore(let server):
            return Self.move(server, isDown: false).commands + [
                RuntimeCommand("set server", "\(server.name)", "weight \(server.weight)")
            ] + Self.limit(server.name, server.connectionLimit).commands + Self.checks(server.name, server.check) + [
                RuntimeCommand("set server", "\(server.name)", server.isDisabled ? "state maint" : "state ready")
            ]
        case .move(let server, let isDown):
            var commands = [
                RuntimeCommand(
                    "set server",
                    "\(server.name)",
                    "addr \(server.currentAddress) port \(server.port)",
                    answers: .address
                )
            ]
            // Like a reload: the failures of the old address do not count against the new one.
            if isDown { commands.append(RuntimeCommand("set server", "\(server.name)", "health up")) }
            return commands
        case .enable(let name): return [RuntimeCommand("set server", "\(name)", "state ready")]
        case .setWeight(let name, _, let weight): return [RuntimeCommand("set server", "\(name)", "weight \(weight)")]
        case .disable(let name), .remove(let name):
            return [RuntimeCommand("set server", "\(name)", "state maint")]
        // HAProxy's value for no limit.
        case .limit(let name, let limit): return [RuntimeCommand("set maxconn server", "\(name)", "\(limit ?? 0)")]
        case .moveCheck(let name, let check): return Self.checks(name, check)
        case .replaceList: return []
        case .close(let key):
            return Self.setSuspended(true) + [RuntimeCommand("disable frontend", "\(frontend: key)")]
        case .open(let key):
            return [RuntimeCommand("enable frontend", "\(frontend: key)")] + Self.setSuspended(false)
        }
    }

    private static func checks(_ name: ServerName, _ check: NodeCheck) -> [RuntimeCommand] {
        var commands: [RuntimeCommand] = []
        if let address = check.address {
            commands.append(RuntimeCommand("set server", "\(name)", "check-addr \(address)"))
        }
        if let port = check.port { commands.append(RuntimeCommand("set server", "\(name)", "check-port \(port)")) }
        return commands
    }

    /// The list of networks that this change replaces.
    var list: NetworkList? { if case .replaceList(let list) = self { list } else { nil } }

    /// The commands that set the variable that the front ends read.
    static func setSuspended(_ isSuspended: Bool) -> [RuntimeCommand] {
        [
            RuntimeCommand("experimental-mode on"),
            RuntimeCommand("set var proc.suspended", isSuspended ? "bool(true)" : "bool(false)"),
        ]
    }

    /// The sort order: changes that add capacity come before those that remove it.
    var order: Int {
        switch self {
        case .add: 0
        case .restore: 1
        case .move, .moveCheck, .limit: 2
        case .enable: 3
        case .setWeight(_, let old, let new): old <= new ? 4 : 5
        case .disable: 6
        case .remove: 7
        case .close, .open: 8
        case .certificate, .replaceList: 9
        }
    }
}

extension RuntimeChange: CustomStringConvertible {
    var description: String {
        switch self {
        case .add(let server): "add \(server.name) at \(server.address) port \(server.port), weight \(server.weight)"
        case .restore(let server): "add \(server.name) again at \(server.address) port \(server.port)"
        case .move(let server, _): "move \(server.name) to \(server.address) port \(server.port)"
        case .enable(let name): "enable \(name)"
        case .setWeight(let name, let old, let new): "weight of \(name) from \(old) to \(new)"
        case .disable(let name): "disable \(name)"
        case .remove(let name): "remove \(name)"
        case .certificate(let change): "\(change)"
        case .limit(let name, let limit): "maxconn of \(name) to \(limit.map { "\($0)" } ?? "no limit")"
        case .moveCheck(let name, let check):
            "check \(name) at \(check.address.map { "\($0)" } ?? "its address") \(check.port.map { "port \($0)" } ?? "and its port")"
        case .replaceList(let list):
            switch list.use {
            case .allowed: "\(list.key.name) allows \(list.networks.count) networks"
            case .except: "\(list.key.name) has no rate limit for \(list.networks.count) networks"
            }
        case .close(let key): "close \(key.name)"
        case .open(let key): "open \(key.name)"
        }
    }
}
