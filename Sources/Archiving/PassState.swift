// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// What the threads of an ``ArchivePass`` share: blocks on their way from the log into the objects.
struct PassState: Sendable {
    /// How a load balancer's upload stands to the pass.
    enum Seat: Sendable {
        /// It has not come yet, or has gone before it took anything: it may still come.
        case absent
        case taken
        /// It has gone, and needs a pass of its own.
        case left
    }

    struct Item: Sendable {
        let part: Int
        var seat = Seat.absent
        /// How many blocks it has taken.
        var taken = 0
    }

    struct Part: Sendable {
        /// The blocks that not all items have taken yet; nil for one that is being compressed.
        var blocks: [[UInt8]?] = []
        /// The number of the first of them.
        var first = 0
        var lineCount: UInt64 = 0
        var isWhole = false

        var next: Int { first + blocks.count }
    }

    struct RawBlock: Sendable {
        let part: Int
        let number: Int
        var bytes: [UInt8]
    }

    var items: [Item]
    var parts: [Part]
    var raw: [RawBlock] = []
    /// Buffers to be used again, so that memory stays where it is.
    var spare: [[UInt8]] = []
    var failure: ObjectStoreError?
    /// Whether nothing more is to be compressed than what is in ``raw``.
    var isRead = false

    init(parts: Int, items: [Int]) {
        self.parts = Array(repeating: Part(), count: parts)
        self.items = items.map { Item(part: $0) }
    }

    /// Blocks that exist, from their cutting until the last item has taken them.
    var inFlight: Int { parts.reduce(0) { $0 + $1.blocks.count } }

    var isAbandoned: Bool { failure != nil || items.allSatisfy { $0.seat == .left } }

    func isWanted(_ part: Int) -> Bool { items.contains { $0.part == part && $0.seat != .left } }

    /// Takes a block to be compressed, and leaves an empty buffer in its place.
    mutating func add(_ bytes: inout [UInt8], to part: Int) {
        if isWanted(part) {
            raw.append(RawBlock(part: part, number: parts[part].next, bytes: []))
            swap(&raw[raw.count - 1].bytes, &bytes)
            parts[part].blocks.append(nil)
        }
        if let buffer = spare.popLast() { bytes = buffer }
        bytes.removeAll(keepingCapacity: true)
        bytes.reserveCapacity(ArchivePass.blockSize * 3 / 2)
    }

    mutating func put(_ compressed: [UInt8], for block: RawBlock) {
        let index = block.number - parts[block.part].first
        if index >= 0, index < parts[block.part].blocks.count { parts[block.part].blocks[index] = compressed }
    }

    /// Keeps a buffer to be used again; swapped, since one that somebody else refers to would be copied.
    mutating func recycle(_ bytes: inout [UInt8]) {
        guard spare.count < 2 else { return }
        spare.append([])
        swap(&spare[spare.count - 1], &bytes)
    }

    /// The next block of an item; nil where it is not there yet.
    mutating func take(_ item: Int) -> [UInt8]? {
        let part = items[item].part
        let index = items[item].taken - parts[part].first
        guard index < parts[part].blocks.count, let bytes = parts[part].blocks[index] else { return nil }
        items[item].taken += 1
        release(part)
        return bytes
    }

    func hasTakenAll(_ item: Int) -> Bool {
        let part = parts[items[item].part]
        return part.isWhole && items[item].taken == part.next
    }

    mutating func leave(_ item: Int) {
        items[item].seat = .left
        release(items[item].part)
    }

    /// Lets blocks go that nobody needs any more.
    private mutating func release(_ part: Int) {
        let needed = items.filter { $0.part == part && $0.seat != .left }.map(\.taken).min()
        let upTo = needed ?? parts[part].next
        let count = upTo - parts[part].first
        guard count > 0 else { return }
        parts[part].blocks.removeFirst(count)
        parts[part].first = upTo
        if needed == nil { raw.removeAll { $0.part == part } }
    }
}
