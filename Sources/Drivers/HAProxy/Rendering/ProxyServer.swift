// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// A node as HAProxy has it: what can be changed while HAProxy runs, and the words for the rest.
struct ProxyServer: Hashable, Sendable {
    /// What HAProxy calls it.
    let name: ServerName
    /// Where it is.
    let address: HostAddress
    /// The address of a node with a host name when HAProxy starts; nil if none is known.
    let initialAddress: IPAddress?
    let port: Port
    /// 0 to 256; 0 takes no new client and keeps those that a cookie or the table has bound to the node.
    let weight: Int
    /// Whether it is in maintenance.
    let isDisabled: Bool
    /// Whether it serves only while no other can.
    let isBackup: Bool
    /// Whether it has a cookie that is not made of its address, which no server can be given while HAProxy runs.
    let hasOwnCookie: Bool
    /// The other words of its line; a change of them takes a reload.
    let parameters: [HAProxyWord]
    /// How its checks go, which a server that is added to a running HAProxy does not inherit from the back end.
    let checks: [HAProxyWord]

    /// Whether HAProxy looks its address up.
    var hasName: Bool { address.name != nil }

    /// Whether HAProxy asks DNS for the address while it runs.
    var asksDNS: Bool { parameters.contains(Self.resolvers) }

    static let resolvers: HAProxyWord = "resolvers device"

    /// The server's line in haproxy.cfg.
    var line: [HAProxyWord] { line(beginningAt: initialAddress) }

    /// The line without the address from DNS.
    var identity: [HAProxyWord] { line(beginningAt: nil) }

    private func line(beginningAt initialAddress: IPAddress?) -> [HAProxyWord] {
        var words: [HAProxyWord] = ["server", "id-\(name.node)", target, "weight \(weight)"] + parameters
        // Without `libc`, HAProxy does not wait for DNS. A node whose name has no address is down.
        if hasName { words.append(initialAddress.map { "init-addr last,\($0),none" } ?? "init-addr last,none") }
        return words + (isDisabled ? ["disabled"] : [])
    }

    /// What `add server` takes: all but the address, for which an unusable one stands.
    ///
    /// HAProxy makes a cookie of an address when it is changed, and not when a server is added.
    var addition: [HAProxyWord] { ["\(name)", "0.0.0.0:1", "weight \(weight)"] + parameters + checks }

    private var target: HAProxyWord {
        if case .ip(.v6(_)) = address { "[\(address)]:\(port)" } else { "\(address):\(port)" }
    }
}
