// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Logging
import SteelyardCore
import SteelyardSystem
import Synchronization

/// All that is done for one job server.
///
/// One thread leads: it waits for the next job. It does the job itself and leads on if that takes no waiting; if it
/// does, it hands the lead to another thread, with a connection of its own, and stays with its job. Jobs are thus begun
/// in the order in which the server gave them, one at a time, and none waits behind a long one.
final class ServerLane: Sendable {
    private struct State {
        var threads = 0
        var idle = 0
        var isStopping = false
        var isAbandoned = false
        /// nil until the log has said either.
        var isConnected: Bool?
        var leader: GearmanInterrupt?
        var stopped: [CheckedContinuation<Void, Never>] = []
        var executors: [ObjectIdentifier: DrainedExecutor] = [:]
    }

    /// How many jobs are in hand at a time: a STATS waits for none of these, and is not even seen behind more.
    ///
    /// Each costs a thread, some 20 kB and three file descriptors, of which a process usually has 1,024.
    static let maximumJobs = 256
    /// How long a job server may be out of reach at the start before it is worth a warning.
    private static let startPatience = Duration.seconds(1)
    /// How long a thread without work stays.
    private static let idleLimit = DispatchTimeInterval.seconds(30)

    let server: GearmanServer
    let function: String
    let dispatcher: Dispatcher
    private let logger: Logger
    private let registered: @Sendable () -> Void
    private let started = ContinuousClock.now
    private let state = Mutex(State())
    /// Counts one where nobody leads.
    private let lead = DispatchSemaphore(value: 0)
    private let stopSignal = DispatchSemaphore(value: 0)

    init(
        server: GearmanServer,
        function: String,
        dispatcher: Dispatcher,
        logger: Logger,
        registered: @escaping @Sendable () -> Void
    ) {
        self.server = server
        self.function = function
        self.dispatcher = dispatcher
        self.logger = logger
        self.registered = registered
    }

    /// Starts to take jobs.
    func start() throws(ThreadError) {
        try addThread()
        lead.signal()
    }

    /// Takes no new job; returns when those in hand are done.
    func stop() async {
        state.withLock { state in
            state.isStopping = true
            // Under the lock: the leader's handle cannot go away meanwhile.
            state.leader?()
        }
        stopSignal.signal()
        for _ in 0..<Self.maximumJobs { lead.signal() }
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if state.threads > 0 { state.stopped.append(continuation) }
                return state.threads == 0
            }
            if isDone { continuation.resume() }
        }
    }

    /// Gives the jobs in hand up; their servers will hand them out again.
    func abandon() {
        let (executors, waiting) = state.withLock { state in
            state.isAbandoned = true
            defer { state.stopped = [] }
            return (Array(state.executors.values), state.stopped)
        }
        for executor in executors { executor.wake() }
        // A thread that looks up a name cannot be woken, and is not waited for.
        for continuation in waiting { continuation.resume() }
    }

    // MARK: - What the threads use

    var isStopping: Bool { state.withLock { $0.isStopping } }
    var isAbandoned: Bool { state.withLock { $0.isAbandoned } }

    /// Waits for the lead; false where the thread is to end.
    func takeLead() -> Bool {
        state.withLock { $0.idle += 1 }
        while true {
            let result = lead.wait(timeout: .now() + Self.idleLimit)
            let leads: Bool? = state.withLock { state in
                if state.isStopping {
                    state.idle -= 1
                    return false
                }
                if result == .success {
                    state.idle -= 1
                    return true
                }
                // One thread always stays, or nobody could take the lead that somebody gives up.
                guard state.idle > 1 else { return nil }
                state.idle -= 1
                return false
            }
            if let leads { return leads }
        }
    }

    /// Lets another thread lead, because this one stays with its job.
    func resignLead() {
        let needsThread = state.withLock { state in
            state.leader = nil
            return state.idle == 0 && state.threads < Self.maximumJobs && !state.isStopping
        }
        if needsThread {
            do throws(ThreadError) { try addThread() } catch {
                logger.error("no thread for another job", metadata: [LogKeys.error: "\(error)"])
            }
        }
        lead.signal()
    }

    /// Says which handle waits for jobs, so that it can be woken; nil before it goes away.
    ///
    /// - Returns: false where the lane is stopping and nobody would wake it.
    func setLeader(_ interrupt: GearmanInterrupt?) -> Bool {
        state.withLock { state in
            state.leader = interrupt
            return !state.isStopping
        }
    }

    /// Sleeps between attempts to connect; a stop ends the sleep.
    func sleep(_ pause: Duration) {
        let nanoseconds = Int(pause / .nanoseconds(1))
        if stopSignal.wait(timeout: .now() + .nanoseconds(nanoseconds)) == .success { stopSignal.signal() }
    }

    func noteConnected() {
        let isNew = state.withLock { state in
            defer { state.isConnected = true }
            return state.isConnected != true
        }
        guard isNew else { return }
        logger.notice(
            "taking jobs",
            metadata: [LogKeys.gearmanServer: "\(server)", LogKeys.gearmanFunction: "\(function)"]
        )
        registered()
    }

    func noteLost(_ reason: String) {
        let isNew = state.withLock { state in
            switch state.isConnected {
            case false?: return false
            case nil where ContinuousClock.now - started < Self.startPatience: return false
            case nil, true?:
                state.isConnected = false
                return true
            }
        }
        logger.log(
            level: isNew ? .warning : .debug,
            "no connection to the job server; trying again for ever",
            metadata: [LogKeys.gearmanServer: "\(server)", LogKeys.error: "\(reason)"]
        )
    }

    private func addThread() throws(ThreadError) {
        let executor = DrainedExecutor()
        state.withLock { state in
            state.threads += 1
            state.executors[ObjectIdentifier(executor)] = executor
        }
        do throws(ThreadError) {
            try DedicatedThread.start(name: "gearman") { [self] in
                ServerConnection(lane: self, executor: executor).run()
                removeThread(executor)
            }
        } catch {
            removeThread(executor)
            throw error
        }
    }

    private func removeThread(_ executor: DrainedExecutor) {
        let waiting = state.withLock { state in
            state.threads -= 1
            state.executors[ObjectIdentifier(executor)] = nil
            guard state.threads == 0 else { return [CheckedContinuation<Void, Never>]() }
            defer { state.stopped = [] }
            return state.stopped
        }
        for continuation in waiting { continuation.resume() }
    }
}
