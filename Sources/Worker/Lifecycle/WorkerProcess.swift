// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardSystem
import Synchronization

/// The process-wide setup of a worker.
struct WorkerProcess: Sendable {
    let signals: CaughtSignals
    let serviceManager: ServiceManager

    private static let shared = Mutex<WorkerProcess?>(nil)

    /// Prepares the process, once, before anything slow.
    ///
    /// - Throws: `SystemFailure`.
    @discardableResult
    static func prepare() throws(SystemFailure) -> WorkerProcess {
        if let prepared = shared.withLock(\.self) { return prepared }
        StandardStreams.open()
        // Before anything that can fail: from here on, a signal stops the agent in order.
        var caught = [SIGTERM, SIGINT, SIGHUP]
        if ChildTable.adoptsOrphans { caught.append(SIGCHLD) }
        let signals = try CaughtSignals(caught)
        // A peer that closes its connection must cause an error of that connection, not end the agent.
        signal(SIGPIPE, SIG_IGN)
        DescriptorLimit.raise()
        // Before the first asynchronous call, which starts the runtime's threads.
        try ResourceCheck.requireEnough()
        let process = WorkerProcess(signals: signals, serviceManager: ServiceManager.takeFromEnvironment())
        shared.withLock { $0 = process }
        return process
    }
}
