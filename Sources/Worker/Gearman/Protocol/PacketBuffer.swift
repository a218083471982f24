// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The packets to send to a server.
struct PacketBuffer {
    /// The memory of a larger packet is released after it was sent.
    private static let keptBytes = 256 << 10

    private var bytes: [UInt8] = []
    private var start = 0

    /// The number of unsent bytes.
    var count: Int { bytes.count - start }

    /// Adds a packet with its arguments, separated by zero bytes.
    mutating func append(_ kind: GearmanPacketKind, _ arguments: [UInt8]...) { append(kind, arguments) }

    /// Adds a packet with its arguments, separated by zero bytes.
    mutating func append(_ kind: GearmanPacketKind, _ arguments: [[UInt8]]) {
        let byteCount = arguments.reduce(0) { $0 + $1.count } + max(0, arguments.count - 1)
        bytes.append(contentsOf: [0, UInt8(ascii: "R"), UInt8(ascii: "E"), UInt8(ascii: "Q")])
        append(kind.rawValue)
        append(UInt32(clamping: byteCount))
        for (index, argument) in arguments.enumerated() {
            if index > 0 { bytes.append(0) }
            bytes.append(contentsOf: argument)
        }
    }

    /// Adds a text command, including its line feed.
    mutating func append(text: String) { bytes.append(contentsOf: text.utf8) }

    /// Passes the unsent bytes to a closure, and removes those that it has sent.
    ///
    /// - Parameter body: Returns the number of bytes sent; a negative number for none.
    /// - Returns: The closure's result.
    mutating func send(_ body: (RawSpan) -> Int) -> Int {
        let count = unsafe body(bytes.span.bytes.extracting(droppingFirst: start))
        forget(max(0, count))
        return count
    }

    private mutating func forget(_ count: Int) {
        start += count
        guard start == bytes.count else { return }
        bytes.removeAll(keepingCapacity: bytes.capacity <= Self.keptBytes)
        start = 0
    }

    private mutating func append(_ word: UInt32) {
        for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
    }
}
