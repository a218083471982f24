// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// Why HAProxy must reload or restart.
enum ReloadReason: Hashable, Sendable {
    /// HAProxy runs a configuration of another program or of an earlier version of this driver.
    case unknownConfiguration
    /// Another program has opened or closed a front end.
    case frontendMisplaced(LoadBalancerKey)
    /// The file that HAProxy loaded disables the front ends that must open.
    case frontendsDisabled
    /// The file of the master's socket is missing.
    case masterSocketLost
    /// The file of the workers' socket is missing.
    case adminSocketLost
    case loadBalancerAdded(LoadBalancerKey)
    case poolAdded(BackendName)
    case poolRemoved(BackendName)
    case persistenceChanged(BackendName)
    /// The policies, inserted headers or error pages.
    case routingChanged(LoadBalancerKey)
    case loadBalancerRemoved(LoadBalancerKey)
    /// TCP to GALERA, or the reverse.
    case protocolChanged(LoadBalancerKey)
    case listenerChanged(LoadBalancerKey)
    case algorithmChanged(BackendName)
    case monitorChanged(BackendName)
    case optionsChanged(LoadBalancerKey)
    /// The versions, ciphers, protocols, client certificates or HSTS of a listener.
    case tlsChanged(LoadBalancerKey)
    case redirectChanged(LoadBalancerKey)
    /// Too many certificate changes: a reload is faster.
    case manyCertificates(Int)
    /// A certificate with its chain and key is too long for a command.
    case longCertificate(Identifier, Int)
    /// The limits, the allowed clients, or the PROXY header from clients.
    case accessChanged(LoadBalancerKey)
    /// A node gets or loses a PROXY header, a source address or TLS, or gets other TLS.
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
    case backupsReordered(BackendName)
    /// Too many node changes: a reload is faster.
    case manyChanges(Int)
    /// The first node with certificates or authorities that HAProxy has not loaded.
    case certificatesNotLoaded(ServerName)
    /// A node is added again, with other parameters than its old server, which is not deleted yet.
    case nodeStillEnding(ServerName)
}

extension ReloadReason: CustomStringConvertible {
    var description: String {
        switch self {
        case .unknownConfiguration: "HAProxy runs an unknown configuration"
        case .frontendMisplaced(let key): "another program opened or closed \(key.name)"
        case .frontendsDisabled: "HAProxy was started suspended"
        case .masterSocketLost: "the file of the master's socket is missing"
        case .adminSocketLost: "the file of the workers' socket is missing"
        case .loadBalancerAdded(let key): "\(key.name) is new"
        case .loadBalancerRemoved(let key): "\(key.name) was removed"
        case .protocolChanged(let key): "\(key.name) has another protocol"
        case .listenerChanged(let key): "\(key.name) listens on another address or port"
        case .algorithmChanged(let backend): "\(backend) has another algorithm"
        case .monitorChanged(let backend): "\(backend) has another monitor"
        case .optionsChanged(let key): "\(key.name) has other options"
        case .tlsChanged(let key): "\(key.name) has other TLS settings"
        case .redirectChanged(let key): "\(key.name) has another redirect"
        case .poolAdded(let backend): "\(backend) is new"
        case .poolRemoved(let backend): "\(backend) was removed"
        case .persistenceChanged(let backend): "\(backend) has another session persistence"
        case .routingChanged(let key): "\(key.name) has other policies, inserted headers or error pages"
        case .manyCertificates(let count): "\(count) changes of certificates take longer than a reload"
        case .longCertificate(let id, let count):
            "certificate \(id) has \(count) bytes; a command can have \(CertificateChange.mostBytes)"
        case .accessChanged(let key):
            "\(key.name) has other limits, client networks or PROXY headers from clients"
        case .connectionsChanged(let name): "\(name) has another PROXY header, source address or TLS"
        case .checkMovedBack(let name): "\(name) is checked at its own address or port again"
        case .settingsChanged: "settings for the whole device are different"
        case .hostName(let name): "\(name) has a host name"
        case .ownCookie(let name):
            "the cookie of \(name) changes: it shares an address, or is one of more than 1,000"
        case .roleChanged(let name): "\(name) changed its role"
        case .backupsReordered(let backend): "\(backend) has its backups in another order"
        case .manyChanges(let count): "\(count) changes of nodes take longer than a reload"
        case .certificatesNotLoaded(let name): "\(name) needs certificates that HAProxy has not loaded"
        case .nodeStillEnding(let name): "\(name) was added again before its old server was deleted"
        }
    }
}
