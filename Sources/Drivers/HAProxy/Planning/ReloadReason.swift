// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// Why HAProxy must reload or restart.
enum ReloadReason: Hashable, Sendable {
    /// HAProxy runs a configuration of another program or of an earlier version of this driver.
    case unknownConfiguration
    /// Another program has opened or closed a front end.
    case frontendMisplaced(MeteredProtocol)
    /// The file that HAProxy loaded disables the front ends that must open.
    case frontendsDisabled
    /// The file of the master's socket is missing.
    case masterSocketLost
    /// The file of the workers' socket is missing.
    case adminSocketLost
    case loadBalancerAdded(MeteredProtocol)
    case loadBalancerRemoved(MeteredProtocol)
    /// TCP to GALERA, or the reverse.
    case protocolChanged(MeteredProtocol)
    case listenerChanged(MeteredProtocol)
    case algorithmChanged(MeteredProtocol)
    case monitorChanged(MeteredProtocol)
    case optionsChanged(MeteredProtocol)
    /// A setting that depends on all nodes: whether one has a host name, or `maxconn`.
    case settingsChanged
    /// A node with a host name is added, removed or renamed, or gets its first address.
    case hostName(ServerName)
    /// A node gets or loses a cookie of its own: it shares its address and port, or is one of very many.
    case ownCookie(ServerName)
    /// A node has become or stopped being a backup or a cluster's main node.
    case roleChanged(ServerName)
    /// The backups have another order, which is the order in which they are used.
    case backupsReordered(MeteredProtocol)
    /// Too many node changes: a reload is faster.
    case manyChanges(Int)
    /// A node is added again, with other parameters than its old server, which is not deleted yet.
    case nodeStillEnding(ServerName)
}

extension ReloadReason: CustomStringConvertible {
    var description: String {
        switch self {
        case .unknownConfiguration: "HAProxy runs an unknown configuration"
        case .frontendMisplaced(let metered): "another program opened or closed \(metered)"
        case .frontendsDisabled: "HAProxy was started suspended"
        case .masterSocketLost: "the file of the master's socket is missing"
        case .adminSocketLost: "the file of the workers' socket is missing"
        case .loadBalancerAdded(let metered): "\(metered) is new"
        case .loadBalancerRemoved(let metered): "\(metered) was removed"
        case .protocolChanged(let metered): "\(metered) has another protocol"
        case .listenerChanged(let metered): "\(metered) listens on another address or port"
        case .algorithmChanged(let metered): "\(metered) has another algorithm"
        case .monitorChanged(let metered): "\(metered) has another monitor"
        case .optionsChanged(let metered): "\(metered) has other options"
        case .settingsChanged: "settings for the whole device are different"
        case .hostName(let name): "\(name) has a host name"
        case .ownCookie(let name):
            "the cookie of \(name) changes: it shares an address, or is one of more than 1,000"
        case .roleChanged(let name): "\(name) changed its role"
        case .backupsReordered(let metered): "\(metered) has its backups in another order"
        case .manyChanges(let count): "\(count) changes of nodes take longer than a reload"
        case .nodeStillEnding(let name): "\(name) was added again before its old server was deleted"
        }
    }
}
