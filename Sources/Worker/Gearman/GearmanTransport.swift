// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle
import SteelyardCore
import Synchronization

/// Takes jobs from all job servers and answers them, until graceful shutdown.
///
/// Each server has a ``ServerLane`` of its own, so that a dead one slows no other down.
struct GearmanTransport: Service {
    /// How long jobs in hand may take once the agent is to stop; then they are given up, and handed out again.
    static let shutdownLimit = Duration.seconds(20)

    private let lanes: [ServerLane]

    /// - Parameter ready: Called once, when the first server has taken the function.
    /// - Throws: `ConnectionError` where the system gives no descriptors.
    init(
        servers: [GearmanServer],
        tls: TLSSettings?,
        function: String,
        dispatcher: Dispatcher,
        logger: Logger,
        ready: @escaping @Sendable () -> Void
    ) throws(ConnectionError) {
        let once = OnceOnly(ready)
        var lanes: [ServerLane] = []
        for server in servers {
            lanes.append(
                try ServerLane(
                    server: server,
                    tls: tls,
                    function: function,
                    dispatcher: dispatcher,
                    logger: logger,
                    registered: { once() }
                )
            )
        }
        self.lanes = lanes
    }

    func run() async throws {
        for lane in lanes { try lane.start() }
        try? await gracefulShutdown()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                try? await Task.sleep(for: Self.shutdownLimit)
                guard !Task.isCancelled else { return }
                for lane in lanes { lane.abandon() }
            }
            await withTaskGroup(of: Void.self) { stops in
                for lane in lanes { stops.addTask { await lane.stop() } }
            }
            group.cancelAll()
        }
    }
}

/// Calls a closure the first time that it is called.
private final class OnceOnly: Sendable {
    private let isCalled = Atomic(false)
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }

    func callAsFunction() {
        if !isCalled.exchange(true, ordering: .relaxed) { body() }
    }
}
