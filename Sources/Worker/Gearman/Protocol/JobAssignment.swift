// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A job assigned by its server.
struct JobAssignment: Hashable, Sendable {
    /// The message sent with the job.
    enum Payload: Hashable, Sendable {
        case bytes([UInt8])
        /// The payload exceeded the limit and was discarded.
        case omitted(byteCount: Int)

        /// The number of its bytes in memory.
        var heldByteCount: Int {
            if case .bytes(let bytes) = self { bytes.count } else { 0 }
        }
    }

    let name: JobName
    /// The function that the job was submitted to.
    let function: [UInt8]
    let payload: Payload
}

/// A job's identification for its server and its client.
struct JobName: Hashable, Sendable {
    /// The server's handle of the job, such as `H:host:17`, as sent.
    let handle: [UInt8]
    /// The client's unique id of the job; empty if there is none.
    let unique: [UInt8]

    /// The size in bytes of the longest id that gearmand does not truncate.
    static let longestUnique = 63

    /// Whether the id identifies the job at the server, and differs for every job.
    ///
    /// For the id `-` gearmand uses a checksum of the payload, and it truncates a longer id.
    var hasOwnUnique: Bool {
        !unique.isEmpty && unique != [UInt8(ascii: "-")] && unique.count < Self.longestUnique
    }
}
