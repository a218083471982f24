// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// How HAProxy's processes are started, reloaded and stopped: by the agent itself, or by a service manager.
///
/// The calls block, and are made one at a time.
protocol HAProxyService: HAProxyProcesses {
    /// Starts HAProxy with the file on disk, and returns once it serves.
    ///
    /// - Throws: `DriverError`; nothing then runs that was not running before.
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

extension HAProxyConfiguration {
    /// The service that this configuration asks for.
    func makeService() -> any HAProxyService {
        switch service {
        case .process: ProcessService(self)
        case .systemd: SystemdService(self)
        }
    }
}
