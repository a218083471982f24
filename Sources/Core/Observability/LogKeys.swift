// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The keys of all log metadata: dotted, in lower case.
package enum LogKeys {
    /// The action of a message.
    package static let action = "job.action"
    /// The job's handle at its job server.
    package static let jobHandle = "job.handle"
    /// The reply's `hpcs_response`.
    package static let response = "job.response"
    /// The milliseconds from a job's receipt to its reply.
    package static let duration = "job.duration_ms"
    /// Whether a change was only previewed.
    package static let dryRun = "job.dry_run"
    /// The error, in one sentence.
    package static let error = "error"
    /// The reply's `hpcs_error_code`.
    package static let errorCode = "error.code"
    /// The reply's `hpcs_error_field`.
    package static let errorField = "error.field"
    /// A driver's plan for a change.
    package static let plan = "plan"
    /// The difference found by a dry run.
    package static let difference = "dry_run.difference"
    /// The difference between a device and its configuration.
    package static let drift = "drift"
    /// The name of the driver.
    package static let driver = "driver"
    /// A job server, `HOST:PORT`.
    package static let gearmanServer = "gearman.server"
    /// The Gearman function of the jobs.
    package static let gearmanFunction = "gearman.function"
    /// The seconds until the next attempt.
    package static let retryAfter = "retry_after_s"
    /// The path of an object in its store.
    package static let objectPath = "object.path"
    /// The size of an object in bytes.
    package static let objectBytes = "object.bytes"
    /// The checksum of an object.
    package static let objectMD5 = "object.md5"
    /// The id of a load balancer.
    package static let loadBalancer = "lb.id"
    /// The number of log lines in an object.
    package static let objectLines = "object.lines"
    /// A process's PID.
    package static let processID = "process.id"
    /// The path of a file.
    package static let file = "file"
    /// The id of a certificate's container.
    package static let certificate = "tls.certificate"
    /// The names of a certificate.
    package static let certificateNames = "tls.names"
    /// The number of lost bytes of a file.
    package static let lostBytes = "file.lost_bytes"
}
