// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// Why HAProxy must reload or restart.
enum ReloadReason: Hashable, Sendable {
    /// HAProxy runs a configuration of another program or of an earlier version of this driver.
    case unknownConfiguration
    /// Another program has opened or closed a front end.
    case frontendMisplaced(ProxyKind)
    /// The file that HAProxy loaded disables the front ends that must open.
    case frontendsDisabled
    /// The file of the master's socket is missing.
    case masterSocketLost
    /// The file of the workers' socket is missing.
    case adminSocketLost
    case loadBalancerAdded(ProxyKind)
    case loadBalancerRemoved(ProxyKind)
    /// TCP to GALERA, or the reverse.
    case protocolChanged(ProxyKind)
    case listenerChanged(ProxyKind)
    case algorithmChanged(ProxyKind)
    case monitorChanged(ProxyKind)
    case optionsChanged(ProxyKind)
    /// The versions, ciphers, protocols, client certificates or HSTS of a listener.
    case tlsChanged(ProxyKind)
    case redirectChanged(ProxyKind)
    /// Too many certificate changes: a reload is faster.
    case manyCertificates(Int)
    /// A certificate with its chain and key is too long for a command.
    case longCertificate(Identifier, Int)
    /// The limits, the allowed clients, or the PROXY header from clients.
    case accessChanged(ProxyKind)
    /// A node gets or loses a PROXY header or a source address.
    case connectionsChanged(ServerName)
    /// A node's checks return to its own address or port, which no command does.
    case checkMovedBack(ServerName)
    /// A setting that depends on all nodes: whether one has a host name, or `maxconn`.
    case settingsChanged
    /// A node with a host name is added, removed or renamed, or gets its first address.
    case hostName(ServerName)
    /// A node gets or loses a cookie of its own: it shares its address and port, or is one of very many.
    case ownCookie(ServerName)
    /// A node has become or stopped being a backup or a cluster's main node.
    case roleChanged(ServerName)
    /// The backups have another order, which is the order in which they are used.
    case backupsReordered(ProxyKind)
    /// Too many node changes: a reload is faster.
    case manyChanges(Int)
    /// A node is added again, with other parameters than its old server, which is not deleted yet.
    case nodeStillEnding(ServerName)
}

extension ReloadReason: CustomStringConvertible {
    var description: String {
        switch self {
        case .unknownConfiguration: "HAProxy runs an unknown configuration"
        case .frontendMisplaced(let proxyKind): "another program opened or closed \(proxyKind)"
        case .frontendsDisabled: "HAProxy was started suspended"
        case .masterSocketLost: "the file of the master's socket is missing"
        case .adminSocketLost: "the file of the workers' socket is missing"
        case .loadBalancerAdded(let proxyKind): "\(proxyKind) is new"
        case .loadBalancerRemoved(let proxyKind): "\(proxyKind) was removed"
        case .protocolChanged(let proxyKind): "\(proxyKind) has another protocol"
        case .listenerChanged(let proxyKind): "\(proxyKind) listens on another address or port"
        case .algorithmChanged(let proxyKind): "\(proxyKind) has another algorithm"
        case .monitorChanged(let proxyKind): "\(proxyKind) has another monitor"
        case .optionsChanged(let proxyKind): "\(proxyKind) has other options"
        case .tlsChanged(let proxyKind): "\(proxyKind) has other TLS settings"
        case .redirectChanged(let proxyKind): "\(proxyKind) has another redirect"
        case .manyCertificates(let count): "\(count) changes of certificates take longer than a reload"
        case .longCertificate(let id, let count):
            "certificate \(id) has \(count) bytes; a command can have \(CertificateChange.mostBytes)"
        case .accessChanged(let proxyKind):
            "\(proxyKind) has other limits, client networks or PROXY headers from clients"
        case .connectionsChanged(let name): "\(name) has another PROXY header or source address"
        case .checkMovedBack(let name): "\(name) is checked at its own address or port again"
        case .settingsChanged: "settings for the whole device are different"
        case .hostName(let name): "\(name) has a host name"
        case .ownCookie(let name):
            "the cookie of \(name) changes: it shares an address, or is one of more than 1,000"
        case .roleChanged(let name): "\(name) changed its role"
        case .backupsReordered(let proxyKind): "\(proxyKind) has its backups in another order"
        case .manyChanges(let count): "\(count) changes of nodes take longer than a reload"
        case .nodeStillEnding(let name): "\(name) was added again before its old server was deleted"
        }
    }
}
