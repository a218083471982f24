// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

/// HAProxy's processes, and what can be asked of them.
///
/// The calls block.
protocol HAProxyProcesses: Sendable {
    /// The processes that there are; nil where HAProxy does not run.
    ///
    /// - Throws: `DriverError` where it runs and does not answer.
    func processes(by deadline: Deadline) throws(DriverError) -> ProcessTable?

    /// Asks the current worker, or one that finishes what it has.
    ///
    /// - Parameter worker: A worker's number; nil for the current one.
    /// - Throws: `DriverError` where there is no answer.
    func ask(_ command: String, worker: Int32?, by deadline: Deadline) throws(DriverError) -> String
}

extension HAProxyProcesses {
    /// What a worker says that it serves, the current one if none is named.
    func runningMark(_ worker: Int32? = nil, by deadline: Deadline) throws(DriverError) -> RuntimeMark {
        let question = "get var \(RuntimeMark.variable.text)"
        do throws(DriverError) { return RuntimeMark(answer: try ask(question, worker: worker, by: deadline)) } catch {
            // A configuration of somebody else's has its socket elsewhere, if any; the master reaches every worker.
            guard error.code == .notRunning, worker == nil, let current = try processes(by: deadline)?.worker else {
                throw error
            }
            return RuntimeMark(answer: try ask(question, worker: current, by: deadline))
        }
    }

    /// Which configuration a worker has, the current one if none is named; nil where it is none of this driver's.
    func runningFingerprint(_ worker: Int32? = nil, by deadline: Deadline) throws(DriverError) -> Fingerprint? {
        if case .serving(let fingerprint) = try runningMark(worker, by: deadline) { return fingerprint }
        return nil
    }

    /// The state of each load balancer's front end that is not disabled in the configuration of a worker, the current
    /// one if none is named.
    func frontendStates(_ worker: Int32? = nil, by deadline: Deadline) throws(DriverError) -> [String: String] {
        let answer = try ask("show stat -1 1 -1", worker: worker, by: deadline)
        guard let table = StatisticsTable(answer) else {
            throw DriverError(.unavailable, "HAProxy's statistics cannot be read")
        }
        let rows = table.rows.filter { $0["pxname"] != ProxyName.statistics }
        return Dictionary(rows.map { (String($0["pxname"]), String($0["status"])) }) { first, _ in first }
    }
}
