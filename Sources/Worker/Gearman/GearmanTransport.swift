// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle
import SteelyardCore
import SteelyardSystem
import Synchronization

/// Receives jobs from all job servers and answers them, until graceful shutdown.
///
/// Each server has its own ``ServerLane``, so that an unreachable server delays no other.
final class GearmanTransport: Service {
    private struct State {
        var tls: TLSContextSource?
        var lanes: [ServerLane] = []
        /// Lanes of removed servers, until their jobs are completed.
        var retired: [ServerLane] = []
        var isRunning = false
    }

    /// The time limit of running jobs at shutdown; then they are abandoned, and the servers reassign them.
    static let shutdownLimit = Duration.seconds(20)
    /// A thread that was not awake for this long is blocked; it wakes every few seconds.
    private static let wakeLimit = Duration.seconds(15)

    private let function: String
    private let dispatcher: Dispatcher
    private let logger: Logger
    private let ready: OnceOnly
    private let state = Mutex(State())

    /// - Parameters:
    ///   - servers: The job servers.
    ///   - tls: The settings of TLS; nil for none.
    ///   - function: The function to register.
    ///   - dispatcher: Executes the jobs' messages.
    ///   - logger: Receives the events of the connections.
    ///   - ready: Called once, when the first server has registered the function.
    /// - Throws: `ConnectionError` if no file descriptors are available.
    init(
        servers: [GearmanServer],
        tls: TLSSettings?,
        function: String,
        dispatcher: Dispatcher,
        logger: Logger,
        ready: @escaping @Sendable () -> Void
    ) throws {
        self.function = function
        self.dispatcher = dispatcher
        self.logger = logger
        self.ready = OnceOnly(ready)
        try apply(servers: servers, tls: tls)
    }

    /// Switches to these servers; running jobs of other servers are still answered.
    ///
    /// - Throws: `ConnectionError` or `ThreadError` if no file descriptors or threads are available; then nothing has
    ///   changed.
    func apply(servers: [GearmanServer], tls: TLSSettings?) throws {
        let (old, oldSource) = state.withLock { ($0.lanes, $0.tls) }
        let isSameTLS = oldSource?.settings == tls
        let source = isSameTLS ? oldSource : tls.map { TLSContextSource($0, logger: logger) }
        let kept = isSameTLS ? old.filter { servers.contains($0.server) } : []
        var new: [ServerLane] = []
        for server in servers where !kept.contains(where: { $0.server == server }) {
            new.append(try makeLane(server, source))
        }
        let retired = old.filter { lane in !kept.contains { $0 === lane } }
        if state.withLock({ $0.isRunning }) { try start(new) }
        let isRunning = state.withLock { state in
            state.tls = source
            state.lanes = kept + new
            if state.isRunning { state.retired += retired }
            return state.isRunning
        }
        guard isRunning else { return }
        for lane in retired {
            Task {
                await lane.stop()
                state.withLock { state in state.retired.removeAll { $0 === lane } }
            }
        }
    }

    /// Whether the threads of all job servers are running and not blocked.
    var isAlive: Bool {
        let now = ContinuousClock.now
        return state.withLock { state in
            state.lanes.allSatisfy { now - $0.lastAwake < Self.wakeLimit }
        }
    }

    /// The connections to the configured job servers, in the order of the configuration.
    ///
    /// A server whose lane was made anew, such as after a change of `gearman.tls`, begins with no error and a count of 0.
    var connections: [ConnectionState.Snapshot] { state.withLock { $0.lanes }.map(\.connection) }

    func run() async throws {
        let lanes = state.withLock { state in
            state.isRunning = true
            return state.lanes
        }
        try start(lanes)
        try? await gracefulShutdown()
        let all = state.withLock { $0.lanes + $0.retired }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                try? await Task.sleep(for: Self.shutdownLimit)
                guard !Task.isCancelled else { return }
                for lane in all { lane.abandon() }
            }
            await withTaskGroup(of: Void.self) { stops in
                for lane in all { stops.addTask { await lane.stop() } }
            }
            group.cancelAll()
        }
    }

    /// Starts all of the lanes, or none.
    private func start(_ lanes: [ServerLane]) throws(ThreadError) {
        do throws(ThreadError) {
            for lane in lanes { try lane.start() }
        } catch {
            for lane in lanes { lane.abandon() }
            throw error
        }
    }

    private func makeLane(_ server: GearmanServer, _ tls: TLSContextSource?) throws(ConnectionError) -> ServerLane {
        try ServerLane(
            server: server,
            tls: tls,
            function: function,
            dispatcher: dispatcher,
            logger: logger,
            registered: { [ready] in ready() }
        )
    }
}

/// Calls a closure only once.
private final class OnceOnly: Sendable {
    private let isCalled = Atomic(false)
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }

    func callAsFunction() {
        if !isCalled.exchange(true, ordering: .relaxed) { body() }
    }
}
