// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The answer to `show servers state`, which is also the format of HAProxy's state file.
struct ServerStateTable: Sendable {
    /// A server with all its columns.
    private struct Row: Sendable {
        let server: RunningServer
        let values: [Substring]
    }

    /// Version 1 of the format; every HAProxy since 1.8 writes it.
    static let empty = "1\n"

    private let rows: [Row]
    private let heading: Substring
    private let columns: Columns

    private struct Columns {
        let backend, server, address, operation, administration, weight, initialWeight, port: Int
        let checkAddress, checkPort: Int?
        /// The minimum number of values in a row.
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
            checkAddress = place("srv_check_addr")
            checkPort = place("srv_check_port")
            let places = [backend, server, address, operation, administration, weight, initialWeight, port]
            leastCount = places.reduce(0) { max($0, $1 + 1) }
        }
    }

    /// Parses an answer.
    ///
    /// - Returns: nil for any other text.
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
                isUp: values[columns.operation] != "0",
                checkAddress: columns.checkAddress.flatMap { $0 < values.count ? IPAddress(String(values[$0])) : nil },
                checkPort: columns.checkPort.flatMap { $0 < values.count ? Int(values[$0]) : nil }.flatMap {
                    $0 == 0 ? nil : $0
                }
            )
            return Row(server: server, values: values)
        }
    }

    /// The servers, in HAProxy's order.
    var servers: [RunningServer] { rows.map(\.server) }

    /// The server states for a new worker: the check results of the nodes that do not change.
    ///
    /// - Parameters:
    ///   - old: The configuration that HAProxy loaded.
    ///   - rendered: The configuration to load.
    func carried(from old: RenderedConfiguration, to rendered: RenderedConfiguration) -> String {
        let renamed = rendered.set.renamedBackends(since: old.set)
        let monitors = Dictionary(
            old.set.backends.map { (renamed[$0.name] ?? $0.name, $0.pool.monitor) },
            uniquingKeysWith: { first, _ in first }
        )
        let stay = Set(rendered.set.backends.filter { monitors[$0.name] == $0.pool.monitor }.map(\.name))
        let hostNames = Dictionary(old.servers.map { ($0.name, $0.address) }) { first, _ in first }
        let wanted = Dictionary(rendered.servers.map { ($0.name, $0) }) { first, _ in first }
        return carried { old in
            let backend = renamed[old.name.backend] ?? old.name.backend
            guard stay.contains(backend), let server = wanted[ServerName(backend, old.name.node)],
                old.port == server.port.number, old.isDisabled == server.isDisabled, server.isChecked(like: old),
                // Compared with the running address, not the last wanted one: a change may have failed halfway.
                server.fixedAddress.map({ $0 == old.address }) ?? (hostNames[old.name] == server.address)
            else { return nil }
            return backend
        }
    }

    /// The rows of the servers with the same checks and the same address in both configurations.
    ///
    /// The configuration determines the address and parameters of a node. HAProxy would prefer an old port from this
    /// file to a new one from its configuration: the rows of all other servers are left out.
    ///
    /// - Parameter backend: Returns the server's back end in the new configuration; nil to leave it out.
    func carried(to backend: (RunningServer) -> BackendName?) -> String {
        var text = Self.empty + heading + "\n"
        for row in rows {
            guard let backend = backend(row.server) else { continue }
            var values = row.values
            values[columns.backend] = backend.description[...]
            values[columns.administration] = "0"
            // HAProxy keeps its configuration's weight if this one differs from the previously configured weight.
            values[columns.weight] = values[columns.initialWeight]
            // The configuration determines where a server is checked.
            if let place = columns.checkAddress, place < values.count { values[place] = "-" }
            if let place = columns.checkPort, place < values.count { values[place] = "0" }
            text += values.joined(separator: " ") + "\n"
        }
        return text
    }
}
