// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A job as its server hands it out.
struct JobAssignment: Hashable, Sendable {
    /// The message that the client has sent with the job.
    enum Payload: Hashable, Sendable {
        case bytes([UInt8])
        /// It was larger than allowed, and was discarded as it arrived.
        case omitted(byteCount: Int)

        /// How many bytes of it are in memory.
        var heldByteCount: Int {
            if case .bytes(let bytes) = self { bytes.count } else { 0 }
        }
    }

    let name: JobName
    /// The function that the job was submitted to.
    let function: [UInt8]
    let payload: Payload
}

/// By what a server and its client know a job.
struct JobName: Hashable, Sendable {
    /// The server's name for the job, such as `H:host:17`, as it was sent.
    let handle: [UInt8]
    /// The id that the client has given the job; empty where it gave none.
    let unique: [UInt8]

    /// The bytes of the longest id that gearmand keeps whole.
    static let longestUnique = 63

    /// Whether the server can be asked for the job by its id, and a later job has another one.
    ///
    /// For the id `-` gearmand uses a checksum of the payload, and of a longer id it keeps a part.
    var hasOwnUnique: Bool {
        !unique.isEmpty && unique != [UInt8(ascii: "-")] && unique.count < Self.longestUnique
    }
}
