// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

/// How HAProxy's processes are started, reloaded and stopped: by the agent itself, or by a service manager.
///
/// The calls block the thread that the session belongs to, and are made one at a time.
protocol HAProxyService: Sendable {
    /// Starts HAProxy with the file on disk, and returns when it serves.
    ///
    /// - Parameter limit: How long it may take in addition to the loading of the nodes.
    /// - Returns: The worker.
    /// - Throws: `DriverError`; no HAProxy runs then that did not run before.
    func start(
        _ rendered: RenderedConfiguration,
        over session: HAProxySession,
        within limit: Duration
    ) async throws(DriverError) -> Int32

    /// Has HAProxy read the file on disk, and returns when a new worker serves it.
    ///
    /// - Returns: The worker.
    /// - Throws: `DriverError`; the old worker then goes on.
    func reload(_ rendered: RenderedConfiguration, over session: HAProxySession) async throws(DriverError) -> Int32

    /// Stops every HAProxy of this device with all its workers at once; where none runs, there is nothing to do.
    ///
    /// - Throws: `DriverError` where one does not end.
    func stop(over session: HAProxySession) async throws(DriverError)

    /// Why HAProxy ended, from what it has logged: such as `worker 71 exited with code 139 (Segmentation fault)`.
    func lastWords() -> String
}

extension HAProxyService {
    func start(_ rendered: RenderedConfiguration, over session: HAProxySession) async throws(DriverError) -> Int32 {
        try await start(rendered, over: session, within: ServiceLimits().change)
    }
}

extension HAProxyConfiguration {
    /// The service that this configuration asks for.
    func makeService() -> any HAProxyService {
        switch settings.service {
        case .process: ProcessService(self)
        case .systemd: SystemdService(self)
        }
    }
}
