// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Decodes a server's byte stream into packets.
///
/// It stores at most one packet of the allowed size: a larger payload of a job is discarded as it arrives.
struct GearmanPacketDecoder {
    /// The size of a job's arguments in front of its payload: handle, function and unique id, each with its zero byte.
    private static let jobArgumentBytes = 3 * (ServerPacket.longestArgument + 1)
    private static let headerBytes = 12
    /// The memory of a larger packet is released after it was read.
    private static let keptBytes = 256 << 10

    private enum Phase {
        case header
        case body(GearmanPacketKind, byteCount: Int)
        /// The rest of a job whose payload exceeds the limit.
        case skipping(JobAssignment, left: Int)
    }

    /// The maximum size in bytes of a job's payload; larger ones are discarded.
    var payloadLimit: Int
    /// The maximum size in bytes of any other packet's body; a larger one violates the protocol.
    private let bodyLimit: Int
    private var buffer: [UInt8] = []
    private var start = 0
    private var phase = Phase.header

    /// - Parameters:
    ///   - payloadLimit: The maximum size in bytes of a job's payload; larger ones are discarded.
    ///   - bodyLimit: The maximum size in bytes of any other packet's body.
    init(payloadLimit: Int, bodyLimit: Int = 64 << 10) {
        self.payloadLimit = payloadLimit
        self.bodyLimit = bodyLimit
    }

    /// Appends received bytes; call ``next()`` until it returns nil before appending more.
    mutating func append(_ bytes: some Collection<UInt8>) {
        if case .skipping(let job, let left) = phase, bytes.count < left {
            phase = .skipping(job, left: left - bytes.count)
            return
        }
        if start == buffer.count || start > Self.keptBytes { discardRead() }
        buffer.append(contentsOf: bytes)
    }

    /// Returns the next packet; nil if more bytes are needed.
    ///
    /// - Throws: `GearmanProtocolError`; the rest of the stream cannot be decoded.
    mutating func next() throws(GearmanProtocolError) -> ServerPacket? {
        while true {
            switch phase {
            case .header:
                guard try readHeader() else { return nil }
            case .body(let kind, let byteCount):
                if isTooLargeJob(kind, byteCount) {
                    guard try beginToSkip(kind, byteCount) else { return nil }
                } else {
                    return try readBody(kind, byteCount)
                }
            case .skipping(let job, let left):
                let count = min(left, available)
                start += count
                if count < left {
                    phase = .skipping(job, left: left - count)
                    return nil
                }
                phase = .header
                return .jobAssigned(job)
            }
        }
    }

    /// Whether a job has been received only in part.
    var isInsideJob: Bool {
        switch phase {
        case .header: false
        case .body(let kind, _): kind == .jobAssign || kind == .jobAssignUnique
        case .skipping: true
        }
    }

    private var available: Int { buffer.count - start }

    private mutating func readHeader() throws(GearmanProtocolError) -> Bool {
        let magic: [UInt8] = [0, UInt8(ascii: "R"), UInt8(ascii: "E"), UInt8(ascii: "S")]
        // The first wrong byte shows a different protocol, even if a complete header never arrives.
        guard buffer[start...].prefix(4).elementsEqual(magic.prefix(available)) else { throw .notGearman }
        guard available >= Self.headerBytes else { return false }
        let kind = GearmanPacketKind(rawValue: word(at: start + 4))
        let byteCount = Int(word(at: start + 8))
        let isJob = kind == .jobAssign || kind == .jobAssignUnique
        guard isJob || byteCount <= bodyLimit else { throw .malformed(kind) }
        start += Self.headerBytes
        phase = .body(kind, byteCount: byteCount)
        return true
    }

    private func word(at index: Int) -> UInt32 {
        buffer[index..<index + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    private mutating func readBody(
        _ kind: GearmanPacketKind,
        _ byteCount: Int
    ) throws(GearmanProtocolError) -> ServerPacket? {
        guard available >= byteCount else {
            // A claimed size costs nothing: the buffer grows only with received data.
            if start > 0 { discardRead() }
            return nil
        }
        let packet = try ServerPacket(kind, buffer[start..<start + byteCount])
        start += byteCount
        phase = .header
        return packet
    }

    private func isTooLargeJob(_ kind: GearmanPacketKind, _ byteCount: Int) -> Bool {
        (kind == .jobAssign || kind == .jobAssignUnique) && byteCount > payloadLimit + Self.jobArgumentBytes
    }

    /// Parses the job's arguments without its payload; returns false if more bytes are needed.
    private mutating func beginToSkip(
        _ kind: GearmanPacketKind,
        _ byteCount: Int
    ) throws(GearmanProtocolError) -> Bool {
        guard available >= min(Self.jobArgumentBytes, byteCount) else { return false }
        let packet = try ServerPacket(kind, buffer[start..<start + min(Self.jobArgumentBytes, byteCount)])
        guard case .jobAssigned(let job) = packet else { throw .malformed(kind) }
        let argumentBytes = min(Self.jobArgumentBytes, byteCount) - job.payload.heldByteCount
        let omitted = JobAssignment(
            name: job.name,
            function: job.function,
            payload: .omitted(byteCount: byteCount - argumentBytes)
        )
        phase = .skipping(omitted, left: byteCount)
        return true
    }

    private mutating func discardRead() {
        if start == buffer.count, buffer.capacity > Self.keptBytes {
            buffer = []
        } else {
            buffer.removeFirst(start)
        }
        start = 0
    }
}
