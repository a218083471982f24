// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// An answer to `show servers state`, which is also what HAProxy reads when it starts.
struct ServerStateTable: Sendable {
    /// One server, and all that is said of it.
    private struct Row: Sendable {
        let server: RunningServer
        let values: [Substring]
    }

    /// The first version of the table; every HAProxy since 1.8 writes this one.
    static let empty = "1\n"

    private let rows: [Row]
    private let heading: Substring
    private let columns: Columns

    private struct Columns {
        let backend, server, address, operation, administration, weight, initialWeight, port: Int
        /// The values that a row has at least.
        let leastCount: Int

        init?(_ names: [Substring]) {
            func place(_ name: String) -> Int? { names.firstIndex { $0 == name } }
            guard let backend = place("be_name"), let server = place("srv_name"), let address = place("srv_addr"),
                let operation = place("srv_op_state"), let administration = place("srv_admin_state"),
                let weight = place("srv_uweight"), let initialWeight = place("srv_iweight"),
                let port = place("srv_port")
            else { return nil }
            self.backend = backend
            self.server = server
            self.address = address
            self.operation = operation
            self.administration = administration
            self.weight = weight
            self.initialWeight = initialWeight
            self.port = port
            let places = [backend, server, address, operation, administration, weight, initialWeight, port]
            leastCount = places.reduce(0) { max($0, $1 + 1) }
        }
    }

    /// Reads an answer.
    ///
    /// - Returns: nil for what is no such table.
    init?(_ answer: some StringProtocol) {
        let lines = Substring(answer).fields(UInt8(ascii: "\n"))
        guard lines.count >= 2, lines[0] == "1", lines[1].hasPrefix("# "),
            let columns = Columns(lines[1].dropFirst(2).fields(UInt8(ascii: " ")))
        else { return nil }
        heading = lines[1]
        self.columns = columns
        rows = lines.dropFirst(2).compactMap { line in
            let values = line.fields(UInt8(ascii: " "))
            guard values.count >= columns.leastCount,
                let name = ServerName(backend: values[columns.backend], server: values[columns.server]),
                let port = Int(values[columns.port]), let weight = Int(values[columns.weight]),
                Int(values[columns.initialWeight]) != nil, let administration = Int(values[columns.administration])
            else { return nil }
            let server = RunningServer(
                name: name,
                address: IPAddress(String(values[columns.address])),
                port: port,
                weight: weight,
                // HAProxy's SRV_ADMF_FMAINT and SRV_ADMF_FDRAIN.
                isDisabled: administration & 0x01 != 0,
                isDrained: administration & 0x08 != 0,
                // HAProxy's SRV_ST_STOPPED.
                isUp: values[columns.operation] != "0"
            )
            return Row(server: server, values: values)
        }
    }

    /// The servers, in HAProxy's order.
    var servers: [RunningServer] { rows.map(\.server) }

    /// What a new worker is to know: what the checks have found of the nodes that stay as they are.
    ///
    /// - Parameters:
    ///   - old: What HAProxy was loaded with.
    ///   - rendered: What it is to load.
    func carried(from old: RenderedConfiguration, to rendered: RenderedConfiguration) -> String {
        let monitors = Dictionary(old.set.loadBalancers.map { ($0.protocol.metered, $0.monitor) }) { first, _ in first }
        let stay = Set(
            rendered.set.loadBalancers.filter { monitors[$0.protocol.metered] == $0.monitor }.map(\.protocol.metered)
        )
        let hostNames = Dictionary(old.servers.map { ($0.name, $0.address) }) { first, _ in first }
        let wanted = Dictionary(rendered.servers.map { ($0.name, $0) }) { first, _ in first }
        return carried { old in
            guard stay.contains(old.name.metered), let server = wanted[old.name], old.port == server.port.number,
                old.isDisabled == server.isDisabled
            else { return false }
            // Where HAProxy has it, and not where it was last wanted: a change may have failed in its course.
            return server.fixedAddress.map { $0 == old.address } ?? (hostNames[old.name] == server.address)
        }
    }

    /// The rows of the servers that are checked in the same way at the same place in both configurations.
    ///
    /// The configuration decides where a node is and what the message asks of it. HAProxy would take an old port from
    /// here rather than a new one from its configuration: the rows of all other servers are left out.
    func carried(where isSame: (RunningServer) -> Bool) -> String {
        var text = Self.empty + heading + "\n"
        for row in rows where isSame(row.server) {
            var values = row.values
            values[columns.administration] = "0"
            // HAProxy keeps its configuration's weight where this one is another than was configured before.
            values[columns.weight] = values[columns.initialWeight]
            text += values.joined(separator: " ") + "\n"
        }
        return text
    }
}
