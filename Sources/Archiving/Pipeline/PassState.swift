// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The state that the threads of a ``LogPass`` share: the blocks between the log and the objects.
struct PassState: Sendable {
    /// An object that consumes the pass's blocks.
    struct Consumer: Sendable {
        enum Attachment: Sendable {
            /// Its upload has not started, or has stopped before it took a block: it may still attach.
            case expected
            case attached
            /// It takes no more blocks from this pass.
            case detached
        }

        let part: Int
        var attachment = Attachment.expected
        /// The number of blocks taken.
        var takenBlocks = 0
    }

    struct Part: Sendable {
        /// The blocks that not all consumers have taken yet; nil while a block is compressed.
        var blocks: [[UInt8]?] = []
        /// The number of the first block in ``blocks``.
        var first = 0
        var lineCount: UInt64 = 0
        var isComplete = false

        var next: Int { first + blocks.count }
    }

    struct RawBlock: Sendable {
        let part: Int
        let number: Int
        var bytes: [UInt8]
    }

    var consumers: [Consumer]
    var parts: [Part]
    var rawBlocks: [RawBlock] = []
    /// Buffers for reuse, so that memory use stays constant.
    var spareBuffers: [[UInt8]] = []
    var failure: ObjectStoreError?
    var examinedLineCount: UInt64 = 0
    /// Whether the log has been read: only ``rawBlocks`` remain to be compressed.
    var isRead = false

    init(parts: Int, consumers: [Int]) {
        self.parts = Array(repeating: Part(), count: parts)
        self.consumers = consumers.map { Consumer(part: $0) }
    }

    /// The number of blocks between the reader and the last consumer.
    var blocksInFlight: Int { parts.reduce(0) { $0 + $1.blocks.count } }

    var isAbandoned: Bool { failure != nil || consumers.allSatisfy { $0.attachment == .detached } }

    private func isWanted(_ part: Int) -> Bool {
        consumers.contains { $0.part == part && $0.attachment != .detached }
    }

    /// Queues a block for compression and replaces it by an empty buffer.
    mutating func add(_ bytes: inout [UInt8], to part: Int) {
        if isWanted(part) {
            rawBlocks.append(RawBlock(part: part, number: parts[part].next, bytes: []))
            swap(&rawBlocks[rawBlocks.count - 1].bytes, &bytes)
            parts[part].blocks.append(nil)
        }
        if let buffer = spareBuffers.popLast() { bytes = buffer }
        bytes.removeAll(keepingCapacity: true)
        bytes.reserveCapacity(LogPass.blockSize * 3 / 2)
    }

    mutating func put(_ compressed: [UInt8], for block: RawBlock) {
        let index = block.number - parts[block.part].first
        if index >= 0, index < parts[block.part].blocks.count { parts[block.part].blocks[index] = compressed }
    }

    /// Keeps a buffer for reuse; swapped, since a buffer with a second reference would be copied.
    mutating func recycle(_ bytes: inout [UInt8]) {
        guard spareBuffers.count < 2 else { return }
        spareBuffers.append([])
        swap(&spareBuffers[spareBuffers.count - 1], &bytes)
    }

    /// Returns the next block of a consumer; nil if it is not compressed yet.
    mutating func take(_ consumer: Int) -> [UInt8]? {
        let part = consumers[consumer].part
        let index = consumers[consumer].takenBlocks - parts[part].first
        guard index < parts[part].blocks.count, let bytes = parts[part].blocks[index] else { return nil }
        consumers[consumer].takenBlocks += 1
        dropTakenBlocks(of: part)
        return bytes
    }

    func hasTakenAll(_ consumer: Int) -> Bool {
        let part = parts[consumers[consumer].part]
        return part.isComplete && consumers[consumer].takenBlocks == part.next
    }

    mutating func detach(_ consumer: Int) {
        consumers[consumer].attachment = .detached
        dropTakenBlocks(of: consumers[consumer].part)
    }

    /// Releases the blocks that no consumer needs any more.
    private mutating func dropTakenBlocks(of part: Int) {
        let needed = consumers.filter { $0.part == part && $0.attachment != .detached }.map(\.takenBlocks).min()
        let end = needed ?? parts[part].next
        let count = end - parts[part].first
        guard count > 0 else { return }
        parts[part].blocks.removeFirst(count)
        parts[part].first = end
        if needed == nil { rawBlocks.removeAll { $0.part == part } }
    }
}
