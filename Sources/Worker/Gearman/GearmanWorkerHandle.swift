// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CGearman
import Glibc

/// Owns one `gearman_worker_st` with one job server; to be used on one thread, but for ``interrupt``.
///
/// One worker object and one thread for each server: on a shared object, a server that hangs would starve the others.
@safe final class GearmanWorkerHandle {
    /// Does a job and completes it; false where it gives the job up, for its server to hand it out again.
    typealias JobBody = (GearmanJobHandle) -> Bool

    private let worker: UnsafeMutablePointer<gearman_worker_st>
    private let body: JobBody

    /// - Parameters:
    ///   - server: The job server.
    ///   - function: The function that jobs are submitted to, at most 512 bytes.
    ///   - timeout: The milliseconds after which waiting for a job or for the server's answer ends.
    ///   - body: Called on the thread of ``work()`` with each job.
    /// - Returns: nil where libgearman refuses, which it does only without memory.
    init?(server: GearmanServer, function: String, timeout: Int32, body: @escaping JobBody) {
        guard let worker = unsafe gearman_worker_create(nil) else { return nil }
        unsafe self.worker = unsafe worker
        self.body = body
        // libgearman adds what it finds in the variable GEARMAN_SERVERS by itself.
        unsafe gearman_worker_remove_servers(worker)
        unsafe gearman_worker_add_options(worker, GEARMAN_WORKER_TIMEOUT_RETURN)
        unsafe gearman_worker_set_timeout(worker, timeout)
        guard unsafe gearman_worker_add_server(worker, server.host, in_port_t(server.port)) == GEARMAN_SUCCESS else {
            return nil
        }
        let callback = unsafe gearman_function_create_v2 { job, context in
            guard let job = unsafe job, let context = unsafe context else { return GEARMAN_SUCCESS }
            // Unretained: the handle outlives the worker object that calls back.
            let handle = unsafe Unmanaged<GearmanWorkerHandle>.fromOpaque(context).takeUnretainedValue()
            let isDone = unsafe handle.body(GearmanJobHandle(job))
            // On an error libgearman closes the connection, and does not complete the job with an empty reply.
            return isDone ? GEARMAN_SUCCESS : GEARMAN_ERROR
        }
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        let defined = unsafe gearman_worker_define_function(
            worker,
            function,
            function.utf8.count,
            callback,
            0,
            context
        )
        guard defined == GEARMAN_SUCCESS else { return nil }
    }

    deinit { unsafe gearman_worker_free(worker) }

    /// Connects, registers the function, and returns once the server has answered for it; does a job if it gives one.
    func register() -> GearmanCode {
        var code = GEARMAN_SUCCESS
        guard let job = unsafe gearman_worker_grab_job(worker, nil, &code) else { return GearmanCode(code) }
        let handle = unsafe GearmanJobHandle(job)
        defer { handle.free() }
        return body(handle) ? .noJobs : .interrupted
    }

    /// Waits for a job and does it.
    func work() -> GearmanCode { GearmanCode(unsafe gearman_worker_work(worker)) }

    /// Asks the server for an answer, which finds connections that are half open.
    func echo() -> GearmanCode {
        let word = Array("steelyard".utf8)
        return GearmanCode(unsafe gearman_worker_echo(worker, word, word.count))
    }

    /// What went wrong last, in libgearman's words.
    var error: String {
        guard let text = unsafe gearman_worker_error(worker) else { return "" }
        return GearmanCode.words(unsafe String(cString: text))
    }

    /// Wakes this handle's thread from another; must not be used once the handle is gone.
    var interrupt: GearmanInterrupt { GearmanInterrupt(id: unsafe gearman_worker_id(worker)) }
}

/// Wakes a thread that waits in libgearman.
struct GearmanInterrupt: Sendable {
    fileprivate let id: gearman_id_t

    func callAsFunction() { _ = gearman_kill(id, GEARMAN_INTERRUPT) }
}
