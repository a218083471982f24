// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The state of a client's job, from the packets received.
struct JobWait {
    /// Larger than any reply of an agent: a message has at most 1 GiB.
    private static let greatestReply = 1025 << 20

    let handle: [UInt8]
    /// Whether a worker is processing the job.
    private(set) var isRunning = false
    private var data: [UInt8] = []
    private var bar = ProgressBar()

    init(handle: [UInt8]) { self.handle = handle }

    /// Handles a packet.
    ///
    /// - Returns: The reply, once it is complete.
    /// - Throws: `ConnectionError` if the job ended without a reply.
    mutating func take(_ packet: ServerPacket) throws(ConnectionError) -> [UInt8]? {
        if let other = packet.jobHandle, other != handle {
            throw ConnectionError("the server sent a packet of another job")
        }
        switch packet {
        case .workStatus(_, let progress):
            isRunning = true
            // Numbers that exceed Gearman's are scaled to larger units.
            bar.show(
                progress.numerator,
                of: progress.denominator,
                isInBytes: progress.denominator < UInt64(1) << 31
            )
        case .workData(_, let part):
            isRunning = true
            guard data.count + part.count <= Self.greatestReply else {
                throw ConnectionError("the worker's reply exceeds \(Self.greatestReply) bytes")
            }
            data += part
        case .workComplete(_, let reply): return data + reply
        case .workFailed, .workException: throw ConnectionError("the worker failed the job without a reply")
        case .status(let status): isRunning = isRunning || status.isRunning
        case .error(let code, let text): throw ConnectionError("the job server refused the job: \(code) \(text)")
        default: break
        }
        return nil
    }

    /// Removes the progress bar.
    mutating func end() { bar.clear() }
}
