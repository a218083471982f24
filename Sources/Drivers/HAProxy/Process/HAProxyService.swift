// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

/// Starts, reloads and stops HAProxy's processes, directly or through a service manager.
///
/// The calls block the session's thread and must not overlap.
protocol HAProxyService: Sendable {
    /// Starts HAProxy with the file on disk, and returns when it serves.
    ///
    /// - Parameter limit: The time limit, in addition to the time for loading the nodes.
    /// - Returns: The worker.
    /// - Throws: `DriverError`; HAProxy is then stopped, unless it already ran.
    func start(
        _ rendered: RenderedConfiguration,
        over session: HAProxySession,
        within limit: Duration
    ) async throws(DriverError) -> Int32

    /// Makes HAProxy load the file on disk, and returns when a new worker serves it.
    ///
    /// - Returns: The worker.
    /// - Throws: `DriverError`; the old worker then continues.
    func reload(_ rendered: RenderedConfiguration, over session: HAProxySession) async throws(DriverError) -> Int32

    /// Stops every HAProxy of this device with all its workers at once; does nothing if none runs.
    ///
    /// - Throws: `DriverError` if a process does not end.
    func stop(over session: HAProxySession) async throws(DriverError)

    /// Why HAProxy ended, from its log: for example `worker 71 exited with code 139 (Segmentation fault)`.
    func lastWords(of master: Int32) -> String
}

extension HAProxyService {
    func start(_ rendered: RenderedConfiguration, over session: HAProxySession) async throws(DriverError) -> Int32 {
        try await start(rendered, over: session, within: ServiceLimits().change)
    }
}

extension HAProxyConfiguration {
    /// Creates the configured service.
    func makeService() -> any HAProxyService {
        switch settings.service {
        case .process: ProcessService(self)
        case .systemd: SystemdService(self)
        }
    }
}
