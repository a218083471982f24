// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CGearman

/// A job that libgearman has given out; to be used on its connection's thread, and no longer than the job lasts.
@safe struct GearmanJobHandle {
    private let job: UnsafeMutablePointer<gearman_job_st>

    init(_ job: UnsafeMutablePointer<gearman_job_st>) { unsafe self.job = unsafe job }

    /// The server's name for the job, such as `H:host:17`.
    var name: String {
        guard let name = unsafe gearman_job_handle(job) else { return "" }
        return unsafe String(cString: name)
    }

    /// The id that the client has given the job; empty where it gave none.
    var unique: String {
        guard let unique = unsafe gearman_job_unique(job) else { return "" }
        return unsafe String(cString: unique)
    }

    var byteCount: Int { unsafe gearman_job_workload_size(job) }

    /// A copy of the payload.
    var payload: [UInt8] {
        guard let workload = unsafe gearman_job_workload(job) else { return [] }
        return unsafe [UInt8](UnsafeRawBufferPointer(start: workload, count: byteCount))
    }

    func sendComplete(_ reply: [UInt8]) -> GearmanCode {
        unsafe reply.withUnsafeBytes { buffer in
            GearmanCode(unsafe gearman_job_send_complete(job, buffer.baseAddress, buffer.count))
        }
    }

    func sendStatus(_ numerator: UInt32, of denominator: UInt32) {
        // Lost progress is no loss; a broken connection shows when the job is completed.
        _ = unsafe gearman_job_send_status(job, numerator, denominator)
    }

    /// For a job that was grabbed by hand; those of `gearman_worker_work` are freed by it.
    func free() { unsafe gearman_job_free(job) }
}
