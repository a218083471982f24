// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ServiceLifecycle
import SteelyardCore

/// Runs what a driver has to do all the time, until graceful shutdown.
struct DriverService: Service {
    let driver: any LoadBalancerDriver

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            do { try await driver.run() } catch is CancellationError {}
        }
        // A driver that has nothing to do is no reason for the agent to end.
        try? await gracefulShutdown()
    }
}
