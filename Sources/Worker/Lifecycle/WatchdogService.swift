// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle
import SteelyardCore
import SteelyardSystem

/// Shows the service manager's watchdog that the agent is alive, for as long as it is.
///
/// The loop runs where the services run: where those get no thread any more, it stops, and so does the sign of life.
struct WatchdogService: Service {
    let serviceManager: ServiceManager
    /// Whether the threads that take jobs are alive.
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
                    logger.critical("no sign of life for the watchdog: the transport's threads do not answer")
                }
                try? await Task.sleep(for: interval / 2)
            }
        }
    }
}
