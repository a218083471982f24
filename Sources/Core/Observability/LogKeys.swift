// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The keys of everything that is logged as data: dotted, in lower case, each from this one list.
public enum LogKeys {
    /// The action of a message.
    public static let action = "job.action"
    /// The job's handle at its job server.
    public static let jobHandle = "job.handle"
    /// The reply's `hpcs_response`.
    public static let response = "job.response"
    /// The microseconds from taking a job to its reply.
    public static let duration = "job.duration_us"
    /// What went wrong, in one sentence.
    public static let error = "error"
    /// How a driver is going to make a change.
    public static let plan = "plan"
    /// The difference that a dry run would make.
    public static let difference = "dry_run.difference"
    /// How a device differs from what it should be.
    public static let drift = "drift"
    /// The name of the driver.
    public static let driver = "driver"
    /// A job server, `HOST:PORT`.
    public static let gearmanServer = "gearman.server"
    /// The function that jobs are submitted to.
    public static let gearmanFunction = "gearman.function"
    /// The seconds until something is tried again.
    public static let retryAfter = "retry_after_s"
    /// The place of an object in its store.
    public static let objectPath = "object.path"
    /// The bytes of an object.
    public static let objectBytes = "object.bytes"
    /// The checksum of an object.
    public static let objectMD5 = "object.md5"
    /// The id of a load balancer.
    public static let loadBalancer = "lb.id"
    /// How many lines of the log an object has.
    public static let objectLines = "object.lines"
    /// The process that something is said of.
    public static let processID = "process.id"
    /// A file that something is said of.
    public static let file = "file"
    /// How many bytes of a file could not be read any more.
    public static let lostBytes = "file.lost_bytes"
}
