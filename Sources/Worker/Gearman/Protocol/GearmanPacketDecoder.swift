// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Cuts a server's bytes into packets, whatever the bytes are and however they are cut.
///
/// It never keeps more than one packet of the allowed size: a job's payload that is larger is thrown away as it arrives.
struct GearmanPacketDecoder {
    /// A job's arguments in front of its payload: handle, function and unique id, each with its zero byte.
    private static let jobArgumentBytes = 3 * (ServerPacket.longestArgument + 1)
    private static let headerBytes = 12
    /// Beyond this, the memory of a large packet is given back once it was read.
    private static let keptBytes = 256 << 10

    private enum Phase {
        case header
        case body(GearmanPacketKind, byteCount: Int)
        /// The rest of a job whose payload is too large.
        case skipping(JobAssignment, left: Int)
    }

    /// The greatest payload of a job that is kept, in bytes.
    var payloadLimit: Int
    /// The greatest body of any other packet, in bytes; a server that sends more breaks the protocol.
    private let bodyLimit: Int
    private var buffer: [UInt8] = []
    private var start = 0
    private var phase = Phase.header

    /// - Parameters:
    ///   - payloadLimit: The greatest payload of a job that is kept, in bytes.
    ///   - bodyLimit: The greatest body of any other packet, in bytes.
    init(payloadLimit: Int, bodyLimit: Int = 64 << 10) {
        self.payloadLimit = payloadLimit
        self.bodyLimit = bodyLimit
    }

    /// Takes bytes that have arrived; ``next()`` must be called until it returns nil before more are taken.
    mutating func append(_ bytes: some Collection<UInt8>) {
        if case .skipping(let job, let left) = phase, bytes.count < left {
            phase = .skipping(job, left: left - bytes.count)
            return
        }
        if start == buffer.count || start > Self.keptBytes { discardRead() }
        buffer.append(contentsOf: bytes)
    }

    /// The next packet; nil where more bytes are needed.
    ///
    /// - Throws: `GearmanProtocolError`; nothing that comes after it can be understood.
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

    /// Whether a part of a job has arrived and the rest has not.
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
        // The first wrong byte shows a foreign protocol, even where a whole header never comes.
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
            // What a server claims costs nothing: the buffer grows with what has arrived.
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

    /// Reads the job's arguments and none of its payload; false where more bytes are needed.
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
