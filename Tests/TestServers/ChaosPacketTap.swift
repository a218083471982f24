// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Parses the packets of a job server's byte stream, and damages one on request.
struct ChaosPacketTap {
    /// The damage to the next packet.
    var corruption: ChaosFault.Corruption?
    /// Whether a packet was damaged.
    private(set) var isDamaged = false
    /// The handles of the jobs that were assigned by a damaged packet, or after one.
    private(set) var damagedHandles: [String] = []
    private var header: [UInt8] = []
    private var bodyLeft = 0
    private var handle: [UInt8]?
    private var isNoPacket = false

    /// Processes bytes from the server.
    ///
    /// - Returns: The bytes to relay. A header is relayed once it is complete.
    mutating func pass(_ bytes: [UInt8]) -> [UInt8] {
        guard !isNoPacket else { return bytes }
        var passed: [UInt8] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            if bodyLeft > 0 {
                let part = rest.prefix(bodyLeft)
                follow(part)
                passed += part
                bodyLeft -= part.count
                rest = rest.dropFirst(part.count)
                continue
            }
            let part = rest.prefix(RawGearmanPacket.headerSize - header.count)
            header += part
            rest = rest.dropFirst(part.count)
            guard header.count == RawGearmanPacket.headerSize else { break }
            guard header.starts(with: RawGearmanPacket.responseMagic) else {
                isNoPacket = true
                return passed + header + rest
            }
            passed += begin(header)
            header = []
        }
        return passed
    }

    /// Returns and removes the handles found since the last call.
    mutating func takeDamagedHandles() -> [String] {
        defer { damagedHandles = [] }
        return damagedHandles
    }

    private mutating func begin(_ header: [UInt8]) -> [UInt8] {
        bodyLeft = Int(RawGearmanPacket.number(header[8..<12]))
        var passed = header
        if let corruption {
            self.corruption = nil
            isDamaged = true
            switch corruption {
            case .magic: passed[1] ^= 0x20
            case .kind(let kind): passed.replaceSubrange(4..<8, with: RawGearmanPacket.bytes(kind))
            case .size(let change):
                let size = UInt32(clamping: max(0, bodyLeft + change))
                passed.replaceSubrange(8..<12, with: RawGearmanPacket.bytes(size))
            case .insert(let bytes): passed = bytes + header
            }
        }
        switch RawGearmanPacket.Kind(rawValue: RawGearmanPacket.number(header[4..<8])) {
        case .jobAssign, .jobAssignUnique, .jobAssignAll: handle = isDamaged ? [] : nil
        default: handle = nil
        }
        return passed
    }

    /// Collects the handle, the first argument of a job's packet.
    private mutating func follow(_ part: ArraySlice<UInt8>) {
        guard let known = handle else { return }
        if let end = part.firstIndex(of: 0) {
            damagedHandles.append(String(decoding: known + part[..<end], as: UTF8.self))
            handle = nil
        } else {
            handle = known + part
        }
    }
}
