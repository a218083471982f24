// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem
import Synchronization

/// One thread of a ``ServerLane`` with its connection to the job server.
///
/// The thread is also the executor of the jobs that it took, so that their async code runs right there.
final class ServerConnection {
    /// After how many milliseconds without a job the server is asked for a sign of life.
    private static let idleCheck: Int32 = 10_000

    /// How long a job that never waits may keep the lead.
    private static let patience = Duration.milliseconds(5)

    /// How many milliseconds the question whether a client still waits may take.
    private static let clientCheck: Int32 = 1000

    private let lane: ServerLane
    private let executor: DrainedExecutor
    private var worker: GearmanWorkerHandle?
    private var backoff = Backoff()
    private var leads = false
    private var connected: ContinuousClock.Instant?

    init(lane: ServerLane, executor: DrainedExecutor) {
        self.lane = lane
        self.executor = executor
    }

    /// Leads, works and waits until the lane stops or needs the thread no longer.
    func run() {
        while lane.takeLead() {
            leads = true
            while leads, !lane.isStopping { lead() }
            if leads { _ = lane.setLeader(nil) }
        }
        worker = nil
    }

    private func lead() {
        guard let worker = worker ?? connect() else { return }
        guard lane.setLeader(worker.interrupt) else { return }
        let began = ContinuousClock.now
        switch worker.work() {
        case .success:
            break
        case .interrupted:
            drop(worker, nil)
        case .timeout:
            // libgearman says so, too, and at once, where the server has closed the connection. An echo would then make
            // a new one, on which nothing is registered.
            if ContinuousClock.now - began < .milliseconds(Int(Self.idleCheck) / 2) {
                drop(worker, "it has closed the connection")
            } else if worker.echo() != .success {
                drop(worker, "it does not answer")
            }
        case let code:
            drop(worker, worker.error.isEmpty ? code.description : worker.error)
        }
    }

    private func connect() -> GearmanWorkerHandle? {
        let new = GearmanWorkerHandle(server: lane.server, function: lane.function, timeout: Self.idleCheck) {
            [unowned self] job in
            perform(job)
        }
        guard let new else {
            drop(nil, "libgearman has no memory")
            return nil
        }
        guard lane.setLeader(new.interrupt) else { return nil }
        let code = new.register()
        // A job that came at once may have cost the lead; the connection is good all the same.
        guard code == .noJobs else {
            drop(new, new.error.isEmpty ? code.description : new.error)
            return nil
        }
        lane.noteConnected()
        worker = new
        connected = ContinuousClock.now
        return leads ? new : nil
    }

    private func drop(_ worker: GearmanWorkerHandle?, _ reason: String?) {
        // Before the handle goes: nobody may wake a thread through a pipe that is closed.
        if leads { withExtendedLifetime(worker) { _ = lane.setLeader(nil) } }
        self.worker = nil
        // What a connection that does not lead has lost is made again when it is needed.
        guard leads, let reason, !lane.isStopping else { return }
        // A connection that has lasted begins the pauses anew; one that is closed as soon as it is made does not.
        if let connected, ContinuousClock.now - connected > .milliseconds(200) { backoff.reset() }
        connected = nil
        lane.noteLost(reason)
        lane.sleep(backoff.pause())
    }

    /// Does a job; false where it is given up.
    private func perform(_ handle: GearmanJobHandle) -> Bool {
        let job = RunningJob(handle: handle.name, executor: executor) { [lane] in lane.isAbandoned }
        if let refused = lane.dispatcher.refuse(byteCount: handle.byteCount, job: job) {
            _ = handle.sendComplete(refused.reply.bytes)
            return true
        }
        let payload = handle.payload
        let dispatcher = lane.dispatcher
        Task(executorPreference: executor) {
            job.finish(await dispatcher.handle(payload, job: job))
        }
        let patience = ContinuousClock.now + Self.patience
        executor.drainAvailable { job.isFinished || ContinuousClock.now > patience }
        if !job.isFinished {
            if leads {
                leads = false
                lane.resignLead()
            }
            executor.drain {
                if let (numerator, denominator) = job.takeProgress() { handle.sendStatus(numerator, of: denominator) }
                return job.isFinished || lane.isAbandoned
            }
        }
        guard let outcome = job.takeOutcome() else { return false }
        guard let delivered = outcome.delivered else {
            _ = handle.sendComplete(outcome.reply.bytes)
            return true
        }
        // Asked before the reply is sent: afterwards the server knows the job no longer.
        let isAwaited = isAwaited(handle)
        if handle.sendComplete(outcome.reply.bytes) == .success, isAwaited { commit(delivered) }
        return true
    }

    /// Whether a client still waits for the job.
    ///
    /// A server takes a reply also where the client has gone, and drops it. One that cannot say is trusted.
    private func isAwaited(_ handle: GearmanJobHandle) -> Bool {
        let unique = handle.unique
        guard !unique.isEmpty, let client = GearmanClientHandle(server: lane.server, timeout: Self.clientCheck) else {
            return true
        }
        return client.isAwaited(unique: unique) ?? true
    }

    private func commit(_ delivered: @escaping @Sendable () async -> Void) {
        let isCommitted = Flag()
        Task(executorPreference: executor) {
            await delivered()
            isCommitted.raise()
        }
        executor.drain { isCommitted.isRaised || lane.isAbandoned }
    }
}

/// Something that has happened or not.
private final class Flag: Sendable {
    private let value = Atomic(false)

    var isRaised: Bool { value.load(ordering: .acquiring) }

    func raise() { value.store(true, ordering: .releasing) }
}
