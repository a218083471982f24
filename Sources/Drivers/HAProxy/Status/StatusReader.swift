// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem
import SystemPackage

/// Asks the workers how the nodes are, on a thread of its own: STATS never waits behind anything.
actor StatusReader {
    private let executor: ThreadExecutor
    private let admin: RuntimeSocket
    /// STATS is answered within a second.
    private static let patience = Duration.milliseconds(800)
    /// A process that ends while it is asked may keep the connection without an answer.
    private static let onePatience = Duration.milliseconds(300)

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    init(_ adminSocket: FilePath) throws(ThreadError) {
        executor = try ThreadExecutor(name: "haproxy-status")
        admin = RuntimeSocket(adminSocket)
    }

    /// The states of the nodes, in the message's order.
    ///
    /// - Throws: `DriverError` where HAProxy does not run or does not answer.
    func states(of set: LoadBalancerSet) async throws(DriverError) -> [NodeStatus] {
        let deadline = Deadline.after(Self.patience)
        while true {
            do throws(DriverError) {
                if let states = try ask(set, deadline) { return states }
                throw DriverError(.notRunning, "HAProxy does not serve what it should")
            } catch {
                // It may just be starting again, or ending, or between two configurations: a moment later it is not.
                guard error.code == .notRunning || error.code == .timedOut, !deadline.hasPassed else { throw error }
                do { try await Task.sleep(for: .milliseconds(20)) } catch {
                    throw DriverError(.cancelled, "the agent is stopping")
                }
            }
        }
    }

    /// - Returns: nil where HAProxy does not know one of the nodes.
    private func ask(_ set: LoadBalancerSet, _ deadline: Deadline) throws(DriverError) -> [NodeStatus]? {
        let answer: String
        do throws(RuntimeSocket.Failure) {
            answer = try admin.ask("show stat -1 4 -1", by: .earlier(deadline, .after(Self.onePatience)))
        } catch {
            throw error.described("HAProxy")
        }
        guard let table = StatisticsTable(answer) else {
            throw DriverError(.unavailable, "HAProxy's statistics cannot be read")
        }
        var rows: [Substring: [Substring: StatisticsTable.Row]] = [:]
        for row in table.rows { rows[row["pxname"], default: [:]][row["svname"]] = row }
        var states: [NodeStatus] = []
        for loadBalancer in set.loadBalancers {
            let servers = rows[ProxyName(loadBalancer.protocol.metered).backend[...]] ?? [:]
            for node in loadBalancer.nodes {
                guard let row = servers[ProxyName.server(node)[...]] else { return nil }
                states.append(NodeStatus(of: node, row))
            }
        }
        return states
    }
}
