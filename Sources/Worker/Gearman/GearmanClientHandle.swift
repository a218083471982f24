// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CGearman
import Glibc
import SteelyardCore

/// Owns one `gearman_client_st` with one job server; to be used on one thread.
@safe final class GearmanClientHandle {
    /// What is seen of a job while waiting for it.
    private struct Watch {
        var reply: [UInt8]?
        var progress: ((UInt32, UInt32) -> Void)?
    }

    private let client: UnsafeMutablePointer<gearman_client_st>
    private var watch = Watch()

    /// - Parameter timeout: The milliseconds that each wait for the server may take.
    init?(server: GearmanServer, timeout: Int32) {
        guard let client = unsafe gearman_client_create(nil) else { return nil }
        unsafe self.client = unsafe client
        // libgearman adds what it finds in the variable GEARMAN_SERVERS by itself.
        unsafe gearman_client_remove_servers(client)
        unsafe gearman_client_set_timeout(client, timeout)
        // By its unique id the worker finds out whether anybody waits for the job any more.
        unsafe gearman_client_add_options(client, GEARMAN_CLIENT_GENERATE_UNIQUE)
        guard unsafe gearman_client_add_server(client, server.host, in_port_t(server.port)) == GEARMAN_SUCCESS else {
            return nil
        }
    }

    deinit { unsafe gearman_client_free(client) }

    /// Asks the server for an answer.
    func echo() -> GearmanCode {
        let word = Array("steelyard".utf8)
        return GearmanCode(unsafe gearman_client_echo(client, word, word.count))
    }

    /// Whether somebody waits for the job of that unique id; nil where the server does not say.
    func isAwaited(unique: String) -> Bool? {
        let count = unsafe steelyard_gearman_waiting_clients(client, unique, unique.utf8.count)
        return count < 0 ? nil : count > 0
    }

    /// Submits a job and leaves it to the server.
    ///
    /// - Returns: What libgearman says, and the server's name for the job.
    func submitInBackground(_ payload: [UInt8], to function: String) -> (GearmanCode, handle: String) {
        var name = [CChar](repeating: 0, count: Int(GEARMAN_JOB_HANDLE_SIZE))
        let code = unsafe payload.withUnsafeBytes { buffer in
            let start = unsafe buffer.isEmpty ? nil : buffer.baseAddress
            return unsafe gearman_client_do_background(client, function, nil, start, buffer.count, &name)
        }
        return (
            GearmanCode(code), String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        )
    }

    /// Submits a job and waits for its reply.
    ///
    /// - Parameters:
    ///   - deadline: When to stop waiting.
    ///   - progress: Takes the job's status, as a fraction.
    /// - Returns: What libgearman says, and the reply if one came.
    func submit(
        _ payload: [UInt8],
        to function: String,
        until deadline: ContinuousClock.Instant,
        progress: @escaping (UInt32, UInt32) -> Void
    ) -> (GearmanCode, reply: [UInt8]?) {
        watch = Watch(progress: progress)
        unsafe gearman_client_add_options(client, GEARMAN_CLIENT_NON_BLOCKING)
        unsafe gearman_client_set_complete_fn(client) { task in
            guard let task = unsafe task, let context = unsafe gearman_task_context(task) else {
                return GEARMAN_SUCCESS
            }
            let handle = unsafe Unmanaged<GearmanClientHandle>.fromOpaque(context).takeUnretainedValue()
            let start = unsafe gearman_task_data(task)
            let buffer = unsafe UnsafeRawBufferPointer(start: start, count: gearman_task_data_size(task))
            handle.watch.reply = unsafe [UInt8](buffer)
            return GEARMAN_SUCCESS
        }
        unsafe gearman_client_set_status_fn(client) { task in
            guard let task = unsafe task, let context = unsafe gearman_task_context(task) else {
                return GEARMAN_SUCCESS
            }
            let handle = unsafe Unmanaged<GearmanClientHandle>.fromOpaque(context).takeUnretainedValue()
            handle.watch.progress?(
                unsafe gearman_task_numerator(task),
                unsafe gearman_task_denominator(task)
            )
            return GEARMAN_SUCCESS
        }
        var code = GEARMAN_SUCCESS
        // Unretained: this object is kept by the caller until the tasks have been run.
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        // The packet refers to the payload, which must therefore stay until the tasks have been run.
        let result = unsafe payload.withUnsafeBytes { buffer in
            // libgearman takes nothing for an empty payload but a null pointer.
            let start = unsafe buffer.isEmpty ? nil : buffer.baseAddress
            _ = unsafe gearman_client_add_task(client, nil, context, function, nil, start, buffer.count, &code)
            guard code == GEARMAN_SUCCESS else { return GearmanCode(code) }
            defer { unsafe gearman_client_task_free_all(client) }
            return runTasks(until: deadline)
        }
        return (result, watch.reply)
    }

    /// What went wrong last, in libgearman's words.
    var error: String {
        guard let text = unsafe gearman_client_error(client) else { return "" }
        return GearmanCode.words(unsafe String(cString: text))
    }

    private func runTasks(until deadline: ContinuousClock.Instant) -> GearmanCode {
        while true {
            let code = GearmanCode(unsafe gearman_client_run_tasks(client))
            guard code == .ioWait || code == .timeout else { return code }
            let left = deadline - ContinuousClock.now
            guard left > .zero else { return .timeout }
            unsafe gearman_client_set_timeout(client, Int32(clamping: Int(left / .milliseconds(1)) + 1))
            let waited = GearmanCode(unsafe gearman_client_wait(client))
            guard waited == .success || waited == .timeout else { return waited }
        }
    }
}
