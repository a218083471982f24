// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle
import SteelyardCore
import SteelyardSystem

/// Notifies the service manager's watchdog while the agent is alive.
///
/// The loop runs on the services' threads: if they are blocked, it stops, and with it the notifications.
struct WatchdogService: Service {
    let serviceManager: ServiceManager
    /// Whether the transport's threads are alive.
    let isTransportAlive: @Sendable () -> Bool
    let logger: Logger

    func run() async throws {
        guard let interval = serviceManager.watchdogInterval else {
            try? await gracefulShutdown()
            return
        }
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                if isTransportAlive() {
                    serviceManager.reportAlive()
                } else {
                    logger.critical("watchdog not notified: the transport's threads are blocked")
                }
                try? await Task.sleep(for: interval / 2)
            }
        }
    }
}
