// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

/// The state of HAProxy at one moment.
struct Snapshot {
    /// Its processes.
    let processes: ProcessTable
    /// The configuration that the current worker reports.
    let mark: RuntimeMark
    /// The state of each load balancer's front end that the configuration does not disable, by its name.
    let frontends: [String: String]
    /// The servers; nil if they were not queried.
    var servers: ServerStateTable?
    /// Whether the current worker answers only through the master, because its socket file is missing.
    let isSocketLost: Bool

    /// The fingerprint of the configuration; nil if it is not one of this driver's.
    var fingerprint: Fingerprint? { if case .serving(let fingerprint) = mark { fingerprint } else { nil } }

    /// The front ends that are closed, or on a suspended device open.
    func misplacedFrontends(of set: LoadBalancerSet, isSuspended: Bool) -> [LoadBalancerKey] {
        set.loadBalancers.map(\.key).filter {
            (frontends[ProxyName($0).frontend] == "OPEN") == isSuspended
        }
    }
}

extension HAProxySession {
    /// Queries the state of the current worker, without its servers.
    ///
    /// - Throws: `DriverError` if it does not answer.
    func snapshot(_ processes: ProcessTable, by deadline: Deadline) throws(DriverError) -> Snapshot {
        let question = "get var \(RuntimeMark.variable.text)"
        guard let worker = processes.worker else {
            return Snapshot(processes: processes, mark: .foreign, frontends: [:], servers: nil, isSocketLost: false)
        }
        let mark: RuntimeMark
        do throws(DriverError) { mark = RuntimeMark(answer: try ask(question, from: worker, by: deadline)) } catch {
            // Another program's configuration has its socket elsewhere, if any.
            guard error.code == .notRunning else { throw error }
            let answer = try askThroughMaster(question, of: worker, by: deadline)
            let mark = RuntimeMark(answer: answer)
            return Snapshot(
                processes: processes,
                mark: mark,
                frontends: [:],
                servers: nil,
                isSocketLost: mark != .foreign
            )
        }
        return Snapshot(
            processes: processes,
            mark: mark,
            frontends: mark == .foreign ? [:] : try frontendStates(by: deadline),
            servers: nil,
            // An open connection outlives the socket file.
            isSocketLost: mark != .foreign && !hasAdminFile
        )
    }

    /// The state of each front end by its name, except the statistics front end.
    ///
    /// - Throws: `DriverError`.
    func frontendStates(by deadline: Deadline) throws(DriverError) -> [String: String] {
        guard let table = StatisticsTable(try ask("show stat -1 1 -1", by: deadline)) else {
            throw DriverError(.unavailable, "HAProxy's statistics cannot be read")
        }
        let rows = table.rows.filter { $0["pxname"] != ProxyName.statistics }
        return Dictionary(rows.map { (String($0["pxname"]), String($0["status"])) }) { first, _ in first }
    }

    /// The servers of the running HAProxy.
    ///
    /// - Throws: `DriverError`.
    func servers(by deadline: Deadline) throws(DriverError) -> ServerStateTable {
        guard let table = ServerStateTable(try ask("show servers state", by: deadline)) else {
            throw DriverError(.unavailable, "HAProxy's answer to \"show servers state\" cannot be read")
        }
        return table
    }

    /// The configuration that the current worker reports.
    ///
    /// - Throws: `DriverError`.
    func runningMark(by deadline: Deadline) throws(DriverError) -> RuntimeMark {
        RuntimeMark(answer: try ask("get var \(RuntimeMark.variable.text)", by: deadline))
    }
}
