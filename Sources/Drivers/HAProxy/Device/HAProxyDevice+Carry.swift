// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

extension HAProxyDevice {
    /// Writes what HAProxy is to read when it starts.
    func writeServerStates(_ text: String) throws(DriverError) {
        do throws(FileError) {
            // Lost with the machine, it is no loss.
            try PreparedFile(Array(text.utf8), for: files.serverStates, isFlushed: false).commit(isFlushed: false)
        } catch { throw DriverError(.stateUnwritable, error.description) }
    }

    /// What a new worker is to know of the nodes that stay what they are.
    func carriedStates(to rendered: RenderedConfiguration) -> String {
        guard let last = lastRendered, let table = try? service.servers(by: .after(.seconds(1))) else {
            return ServerStateTable.empty
        }
        let monitors = Dictionary(last.set.loadBalancers.map { ($0.protocol.metered, $0.monitor) }) { first, _ in first
        }
        let stay = Set(
            rendered.set.loadBalancers.filter { monitors[$0.protocol.metered] == $0.monitor }.map(\.protocol.metered)
        )
        let hostNames = Dictionary(last.servers.map { ($0.name, $0.address) }) { first, _ in first }
        let wanted = Dictionary(rendered.servers.map { ($0.name, $0) }) { first, _ in first }
        return table.carried { old in
            guard stay.contains(old.name.metered), let server = wanted[old.name], old.port == server.port.number,
                old.isDisabled == server.isDisabled
            else { return false }
            // Where HAProxy has it, and not where it was last wanted: a change may just have failed halfway.
            return server.fixedAddress.map { $0 == old.address }
                ?? (hostNames[old.name] == server.address)
        }
    }
}
