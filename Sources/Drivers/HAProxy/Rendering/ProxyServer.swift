// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// A node as a server in HAProxy: the parameters that can change at run time, and the words for the rest.
struct ProxyServer: Hashable, Sendable {
    /// Its name in HAProxy.
    let name: ServerName
    /// The node's address.
    let address: HostAddress
    /// The initial address of a node with a host name; nil if none is known.
    let initialAddress: IPAddress?
    let port: Port
    /// 0 to 256; 0 accepts no new clients, but keeps those that a cookie or the stick table assigns to the node.
    let weight: Int
    /// Whether it is in maintenance.
    let isDisabled: Bool
    /// Whether it serves only while no other server can.
    let isBackup: Bool
    /// Whether it has a cookie of its own, which cannot be set at run time.
    let hasOwnCookie: Bool
    /// The other words of its line; their change requires a reload.
    let parameters: [HAProxyWord]
    /// Its check intervals and thresholds, which a server added at run time does not inherit from the back end.
    let checks: [HAProxyWord]
    /// Its PROXY header, source address and TLS; their change requires a reload.
    let connectionWords: [HAProxyWord]
    /// Its maximum number of connections; nil for none.
    let connectionLimit: Int?
    /// Where it is checked.
    let check: NodeCheck

    /// Whether its address is a host name.
    var hasName: Bool { address.name != nil }

    /// The files of its TLS, which HAProxy loads only from haproxy.cfg.
    var files: [HAProxyWord] {
        zip(connectionWords, connectionWords.dropFirst()).filter { ["ca-file", "crt"].contains($0.0) }.map(\.1)
    }

    /// Whether HAProxy resolves the address at run time.
    var asksDNS: Bool { parameters.contains(Self.resolvers) }

    static let resolvers: HAProxyWord = "resolvers device"

    /// The server's line in haproxy.cfg.
    var line: [HAProxyWord] { line(beginningAt: initialAddress) }

    /// The line without the address from DNS.
    var identity: [HAProxyWord] { line(beginningAt: nil) }

    private func line(beginningAt initialAddress: IPAddress?) -> [HAProxyWord] {
        var words: [HAProxyWord] = ["server", "id-\(name.node)", target, "weight \(weight)"] + parameters + extras
        // Without `libc`, HAProxy does not wait for DNS. A node whose name has no address is down.
        if hasName { words.append(initialAddress.map { "init-addr last,\($0),none" } ?? "init-addr last,none") }
        return words + (isDisabled ? ["disabled"] : [])
    }

    /// The arguments of `add server`: everything except the address, which has a placeholder.
    ///
    /// HAProxy derives a cookie from an address when it changes, but not when a server is added.
    var addition: [HAProxyWord] { ["\(name)", "0.0.0.0:1", "weight \(weight)"] + parameters + extras + checks }

    private var extras: [HAProxyWord] {
        var words = connectionWords
        if let connectionLimit { words.append("maxconn \(connectionLimit)") }
        if let address = check.address { words.append("addr \(bracketed: address)") }
        if let port = check.port { words.append("port \(port)") }
        return words
    }

    private var target: HAProxyWord {
        if case .ip(.v6(_)) = address { "[\(address)]:\(port)" } else { "\(address):\(port)" }
    }
}
