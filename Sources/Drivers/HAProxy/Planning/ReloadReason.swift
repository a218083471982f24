// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// Why HAProxy has to reload, or to restart.
enum ReloadReason: Hashable, Sendable {
    /// HAProxy runs a configuration that this driver has not written, or that an older driver has.
    case unknownConfiguration
    /// Another program has opened or closed a front end.
    case frontendMisplaced(MeteredProtocol)
    /// The file that HAProxy loaded disables the front ends, which are to open.
    case frontendsDisabled
    /// The file of the master's socket is gone.
    case masterSocketLost
    /// The file of the workers' socket is gone.
    case adminSocketLost
    case loadBalancerAdded(MeteredProtocol)
    case loadBalancerRemoved(MeteredProtocol)
    /// TCP to GALERA, or back.
    case protocolChanged(MeteredProtocol)
    case listenerChanged(MeteredProtocol)
    case algorithmChanged(MeteredProtocol)
    case monitorChanged(MeteredProtocol)
    case optionsChanged(MeteredProtocol)
    /// Something that follows from all of the nodes: whether one has a host name, the most connections.
    case settingsChanged
    /// A node with a host name comes, goes, has another one, or has an address for the first time.
    case hostName(ServerName)
    /// A node has a cookie of its own, or no longer: it shares its address and port, or is one of very many.
    case ownCookie(ServerName)
    /// A node has become a backup or no longer is one, or is a cluster's main node.
    case roleChanged(ServerName)
    /// The backups come in another order, which is the order in which they are used.
    case backupsReordered(MeteredProtocol)
    /// More changes of nodes than a reload takes time for.
    case manyChanges(Int)
    /// A node comes back whose server was not deleted yet and differs from it.
    case nodeStillEnding(ServerName)
}

extension ReloadReason: CustomStringConvertible {
    var description: String {
        switch self {
        case .unknownConfiguration: "HAProxy runs another configuration than was served last"
        case .frontendMisplaced(let metered): "another program has opened or closed \(metered)"
        case .frontendsDisabled: "HAProxy was started suspended"
        case .masterSocketLost: "the file of the master's socket is gone"
        case .adminSocketLost: "the file of the workers' socket is gone"
        case .loadBalancerAdded(let metered): "\(metered) is new"
        case .loadBalancerRemoved(let metered): "\(metered) is removed"
        case .protocolChanged(let metered): "\(metered) has another protocol"
        case .listenerChanged(let metered): "\(metered) listens on another address or port"
        case .algorithmChanged(let metered): "\(metered) has another algorithm"
        case .monitorChanged(let metered): "\(metered) has another monitor"
        case .optionsChanged(let metered): "\(metered) has other options"
        case .settingsChanged: "settings for the whole device are different"
        case .hostName(let name): "\(name) has a host name"
        case .ownCookie(let name):
            "the cookie of \(name) changes its form: it shares an address, or is one of more than 1,000"
        case .roleChanged(let name): "\(name) has another role"
        case .backupsReordered(let metered): "\(metered) has its backups in another order"
        case .manyChanges(let count): "\(count) changes of nodes take longer than a reload"
        case .nodeStillEnding(let name): "\(name) comes back before its old server was deleted"
        }
    }
}
