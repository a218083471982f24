// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import SteelyardCore
import SteelyardSystem
import Synchronization

/// The worker for one job server: one thread, one connection, and the jobs being processed.
///
/// The thread waits for the server and runs the jobs' async code in turn. A job that waits for a driver or a store uses
/// no thread and no descriptor, so slow jobs do not block others. Jobs start in the order in which the server assigned
/// them.
actor ServerLane {
    private enum Link {
        case waiting(until: ContinuousClock.Instant)
        case connecting(Connector)
        case open(WorkerConnection)
    }

    private struct Control {
        var isStopping = false
        var isAbandoned = false
        var hasEnded = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    /// The maximum time between two wake-ups of the thread.
    private static let wakeInterval = Duration.seconds(5)
    /// The time in which a server must confirm a reply.
    private static let deliveryLimit = Duration.seconds(10)
    /// The time in which a server must confirm the last replies at shutdown.
    private static let farewellLimit = Duration.seconds(2)
    /// A connection that has lasted this long resets the backoff.
    ///
    /// It equals the longest pause, so that a server that closes every connection is not contacted more often.
    private static let steadyTime = Duration.seconds(5)

    nonisolated let server: GearmanServer
    private nonisolated let state: ConnectionState
    private nonisolated let loop: EventLoop
    private nonisolated let control = Mutex(Control())
    private nonisolated let hasProgress = Atomic(false)
    private nonisolated let lastTurn = Mutex(ContinuousClock.now)
    private let tls: TLSContextSource?
    private let function: String
    private let dispatcher: Dispatcher
    private let log: ConnectionLog
    private let registered: @Sendable () -> Void
    private var link = Link.waiting(until: .now)
    private var backoff = Backoff()
    private var opened: ContinuousClock.Instant?
    private var stopBegan: ContinuousClock.Instant?
    /// When the confirmation of the last replies was requested.
    private var farewell: ContinuousClock.Instant?
    /// Whether the server has confirmed the last replies.
    private var hasFinished = false
    /// The number of confirmed replies being committed.
    private var commitCount = 0
    private var jobs: JobTable

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - server: The job server.
    ///   - tls: The source of the certificates; nil for no TLS.
    ///   - function: The function to register.
    ///   - dispatcher: Executes the jobs' messages.
    ///   - logger: Receives the events of the connection.
    ///   - registered: Called each time the server has registered the function.
    /// - Throws: `ConnectionError` if no file descriptor is available.
    init(
        server: GearmanServer,
        tls: TLSContextSource?,
        function: String,
        dispatcher: Dispatcher,
        logger: Logger,
        registered: @escaping @Sendable () -> Void
    ) throws(ConnectionError) {
        self.server = server
        jobs = JobTable(server: server.description)
        self.tls = tls
        self.function = function
        self.dispatcher = dispatcher
        self.registered = registered
        state = ConnectionState(server: server)
        log = ConnectionLog(server: server, function: function, state: state, logger: logger)
        do { loop = try EventLoop() } catch { throw .system("make an event descriptor", error) }
    }

    /// Starts the thread.
    ///
    /// - Throws: `ThreadError` if no thread is available.
    nonisolated func start() throws(ThreadError) {
        try DedicatedThread.start(name: "gearman") { [self] in
            loop.attach()
            while let wait = assumeIsolated({ lane in lane.settle() }) {
                let deadline = min(wait.deadline, .now + Self.wakeInterval)
                let ready = loop.wait(for: wait.descriptor, events: wait.events, until: deadline)
                lastTurn.withLock { $0 = .now }
                assumeIsolated { lane in lane.advance(ready) }
                loop.runJobs()
            }
            assumeIsolated { lane in lane.end() }
        }
    }

    /// Stops accepting jobs; returns when the running ones are completed and their replies were received.
    nonisolated func stop() async {
        control.withLock { $0.isStopping = true }
        loop.wake()
        await withCheckedContinuation { continuation in
            let hasEnded = control.withLock { control in
                if !control.hasEnded { control.waiting.append(continuation) }
                return control.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }

    /// Abandons the running jobs; the server will reassign them.
    nonisolated func abandon() {
        control.withLock { $0.isAbandoned = true }
        loop.wake()
    }

    /// When the thread was last awake; at most a few seconds ago, unless it is blocked.
    nonisolated var lastAwake: ContinuousClock.Instant { lastTurn.withLock { $0 } }

    /// The state of the connection.
    nonisolated var connection: ConnectionState.Snapshot { state.snapshot }

    // MARK: - The loop

    private struct Wait {
        var descriptor: Int32?
        var events: Int16 = 0
        var deadline: ContinuousClock.Instant
    }

    /// Handles available data.
    private func advance(_ ready: Int16) {
        do throws(ConnectionError) {
            switch link {
            case .waiting(let time):
                if .now >= time, !isStopping {
                    link = .connecting(try Connector(server, tls: tls) { [loop] in loop.wake() })
                }
            case .connecting(var connector):
                let socket = try connector.advance()
                link = .connecting(connector)
                if let socket { open(socket) }
            case .open(let connection):
                if ready != 0 || connection.hasMoreToRead { try read(connection) }
            }
        } catch { drop(error) }
    }

    private func open(_ socket: ServerSocket) {
        link = .open(WorkerConnection(socket, function: function, payloadLimit: payloadLimit))
    }

    private func read(_ connection: WorkerConnection) throws(ConnectionError) {
        connection.payloadLimit = payloadLimit
        try connection.read { event in
            handle(event, connection)
            connection.payloadLimit = payloadLimit
        }
        if connection.hasMoreToRead { loop.wake() }
    }

    /// Sends pending output, and returns the events to wait for; nil if the thread must end.
    private func settle() -> Wait? {
        if isAbandoned || hasFinished && commitCount == 0 { return nil }
        let now = ContinuousClock.now
        if hasFinished { return Wait(deadline: now + Self.wakeInterval) }
        do throws(ConnectionError) {
            switch link {
            case .waiting(let time):
                return isStopping && jobs.isEmpty ? nil : Wait(deadline: isStopping ? now + .seconds(1) : time)
            case .connecting(let connector):
                if isStopping {
                    link = .waiting(until: now)
                    return settle()
                }
                return Wait(descriptor: connector.descriptor, events: connector.awaited, deadline: connector.deadline)
            case .open(let connection):
                prepareOutput(connection)
                try connection.flush()
                try checkDelivery(now)
                let deadline = try connection.checkTime(now)
                try connection.flush()
                if let farewell {
                    let end = farewell + Self.farewellLimit
                    if now >= end { hasFinished = true }
                    return Wait(descriptor: connection.descriptor, events: connection.awaited, deadline: end)
                }
                let latest = isStopping ? now + Self.farewellLimit : deadline
                return Wait(
                    descriptor: connection.descriptor,
                    events: connection.awaited,
                    deadline: min(deadline, latest)
                )
            }
        } catch {
            drop(error)
            return settle()
        }
    }

    /// While one METRICS is being delivered, those of all servers are refused.
    private func checkDelivery(_ now: ContinuousClock.Instant) throws(ConnectionError) {
        guard let oldest = jobs.oldestDelivery, now - oldest > Self.deliveryLimit else { return }
        throw ConnectionError("the server did not confirm a reply")
    }

    private func prepareOutput(_ connection: WorkerConnection) {
        if hasProgress.exchange(false, ordering: .acquiring) {
            for (name, progress) in jobs.takeProgress() { connection.session.report(name, progress) }
        }
        guard isStopping else {
            if jobs.hasRoom { connection.session.requestJob() }
            return
        }
        connection.session.stopTakingJobs()
        let began = stopBegan ?? .now
        stopBegan = began
        let mayGetJob = connection.session.awaitsJob && .now - began < Self.farewellLimit
        if jobs.isEmpty, !mayGetJob, farewell == nil {
            farewell = .now
            connection.session.sendFarewell()
        }
    }

    private func handle(_ event: WorkerSession.Event, _ connection: WorkerConnection) {
        switch event {
        case .registered:
            opened = .now
            log.noteConnected()
            registered()
        case .assigned(let job): begin(job, connection)
        case .received(let reply, let isAwaited):
            guard let delivered = jobs.takeDelivery(reply), isAwaited else { return }
            commitCount += 1
            Task {
                await delivered()
                commitCount -= 1
            }
        case .finished: hasFinished = true
        case .refused(let code, let text): log.noteRefusal(code: code, text: text)
        }
    }

    private func drop(_ error: ConnectionError) {
        link = .waiting(until: .now + pause())
        farewell = nil
        // An unconfirmed reply counts as lost.
        jobs.endConnection()
        if !isStopping { log.noteLost(error.description) }
    }

    private func pause() -> Duration {
        if let opened, .now - opened > Self.steadyTime { backoff.reset() }
        opened = nil
        return backoff.pause()
    }

    private var isStopping: Bool { control.withLock { $0.isStopping } }
    private var isAbandoned: Bool { control.withLock { $0.isAbandoned } }

    private func end() {
        jobs.cancelAll()
        link = .waiting(until: .now)
        let waiting = control.withLock { control in
            control.hasEnded = true
            defer { control.waiting = [] }
            return control.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    // MARK: - Jobs

    private var payloadLimit: Int { jobs.payloadLimit(messageBytes: dispatcher.limits.messageBytes) }

    private func begin(_ assignment: JobAssignment, _ connection: WorkerConnection) {
        switch jobs.begin(
            assignment,
            changeCount: dispatcher.changeCount,
            wake: { [weak self] in self?.wakeForProgress() }
        ) {
        case .adopted: break
        case .answered(let reply): connection.session.complete(assignment.name, reply)
        case .begun(let number, let job):
            switch assignment.payload {
            case .omitted(let byteCount):
                let refused = dispatcher.refuse(byteCount: byteCount, job: job)
                finish(number, refused ?? dispatcher.refuseForNow(byteCount: byteCount, job: job))
            case .bytes(let payload):
                CurrentJob.begin(job.handle) {
                    _ = Task { finish(number, await dispatcher.handle(payload, job: job)) }
                }
            }
        }
    }

    private func finish(_ number: Int, _ outcome: Outcome) {
        let finished = jobs.finish(number, outcome, changeCount: dispatcher.changeCount)
        guard let name = finished, case .open(let connection) = link else { return }
        if let delivered = outcome.delivered {
            let reply = jobs.expectDelivery(delivered)
            connection.session.complete(name, outcome.reply.bytes, confirming: reply)
        } else {
            connection.session.complete(name, outcome.reply.bytes)
        }
    }

    private nonisolated func wakeForProgress() {
        hasProgress.store(true, ordering: .releasing)
        loop.wake()
    }
}
