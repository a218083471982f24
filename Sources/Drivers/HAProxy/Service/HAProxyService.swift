// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// How HAProxy's processes are started, reloaded and stopped: by the agent itself, or by a service manager.
///
/// The calls block, and are made one at a time.
protocol HAProxyService: Sendable {
    /// The processes that there are; nil where HAProxy does not run.
    ///
    /// - Throws: `DriverError` where it runs and does not answer.
    func processes(by deadline: Deadline) throws(DriverError) -> ProcessTable?

    /// Asks the current worker, or one that finishes what it has.
    ///
    /// - Parameter worker: A worker's number; nil for the current one.
    /// - Throws: `DriverError` where there is no answer.
    func ask(_ command: String, worker: Int32?, by deadline: Deadline) throws(DriverError) -> String

    /// Starts HAProxy with the file on disk, and returns once it serves.
    ///
    /// - Throws: `DriverError`; nothing then runs.
    func start(_ rendered: RenderedConfiguration) async throws(DriverError)

    /// Has HAProxy read the file on disk, and returns once a new worker serves it.
    ///
    /// - Throws: `DriverError`; the old worker then goes on.
    func reload(_ rendered: RenderedConfiguration) async throws(DriverError)

    /// Stops HAProxy with all its workers at once; where it does not run, there is nothing to do.
    ///
    /// - Throws: `DriverError` where it does not end.
    func stop() async throws(DriverError)
}
