// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The keys of everything that is logged as data: dotted, in lower case, each from this one list.
package enum LogKeys {
    /// The action of a message.
    package static let action = "job.action"
    /// The job's handle at its job server.
    package static let jobHandle = "job.handle"
    /// The reply's `hpcs_response`.
    package static let response = "job.response"
    /// The milliseconds from taking a job to its reply.
    package static let duration = "job.duration_ms"
    /// Whether a change was only previewed.
    package static let dryRun = "job.dry_run"
    /// What went wrong, in one sentence.
    package static let error = "error"
    /// The reply's `hpcs_error_code`.
    package static let errorCode = "error.code"
    /// The reply's `hpcs_error_field`.
    package static let errorField = "error.field"
    /// How a driver is going to make a change.
    package static let plan = "plan"
    /// The difference that a dry run would make.
    package static let difference = "dry_run.difference"
    /// How a device differs from what it should be.
    package static let drift = "drift"
    /// The name of the driver.
    package static let driver = "driver"
    /// A job server, `HOST:PORT`.
    package static let gearmanServer = "gearman.server"
    /// The function that jobs are submitted to.
    package static let gearmanFunction = "gearman.function"
    /// The seconds until something is tried again.
    package static let retryAfter = "retry_after_s"
    /// The place of an object in its store.
    package static let objectPath = "object.path"
    /// The bytes of an object.
    package static let objectBytes = "object.bytes"
    /// The checksum of an object.
    package static let objectMD5 = "object.md5"
    /// The id of a load balancer.
    package static let loadBalancer = "lb.id"
    /// How many lines of the log an object has.
    package static let objectLines = "object.lines"
    /// The process that something is said of.
    package static let processID = "process.id"
    /// A file that something is said of.
    package static let file = "file"
    /// How many bytes of a file could not be read any more.
    package static let lostBytes = "file.lost_bytes"
}
