// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A packet from a job server, for workers or clients.
enum ServerPacket: Hashable, Sendable {
    case noop
    case noJob
    case jobAssigned(JobAssignment)
    case echo([UInt8])
    /// The server refused a packet; the code is Gearman's, such as `job_not_found`.
    case error(code: String, text: String)
    case jobCreated(handle: [UInt8])
    case workData(handle: [UInt8], [UInt8])
    case workStatus(handle: [UInt8], JobProgress)
    case workComplete(handle: [UInt8], [UInt8])
    case workFailed(handle: [UInt8])
    case workException(handle: [UInt8])
    /// The response to GET_STATUS or GET_STATUS_UNIQUE.
    case status(JobStatus)
    /// A packet that needs no response.
    case ignored(GearmanPacketKind)

    /// The job of a packet for clients; nil for the others.
    var jobHandle: [UInt8]? {
        switch self {
        case .workData(let handle, _), .workStatus(let handle, _), .workComplete(let handle, _),
            .workFailed(let handle), .workException(let handle):
            handle
        default: nil
        }
    }

    /// The packet's type, for errors.
    var kind: GearmanPacketKind {
        switch self {
        case .noop: .noop
        case .noJob: .noJob
        case .jobAssigned: .jobAssignUnique
        case .echo: .echoResponse
        case .error: .error
        case .jobCreated: .jobCreated
        case .workData: .workData
        case .workStatus: .workStatus
        case .workComplete: .workComplete
        case .workFailed: .workFail
        case .workException: .workException
        case .status: .statusResponse
        case .ignored(let kind): kind
        }
    }
}

/// A job's progress, as a fraction.
struct JobProgress: Hashable, Sendable {
    let numerator: UInt64
    let denominator: UInt64
}

/// A job's status at its server.
struct JobStatus: Hashable, Sendable {
    /// The requested handle or unique id.
    let name: [UInt8]
    /// Whether the server knows the job.
    let isKnown: Bool
    /// Whether a worker is processing the job.
    let isRunning: Bool
    /// The number of clients waiting for the job; nil if the server does not report it.
    let clientCount: Int?
}
