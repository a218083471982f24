// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ServiceLifecycle
import SteelyardCore

/// Runs a driver's background work, until graceful shutdown.
struct DriverService: Service {
    let driver: any LoadBalancerDriver

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            do { try await driver.run() } catch is CancellationError {}
        }
        // A driver without background work must not end the agent.
        try? await gracefulShutdown()
    }
}
