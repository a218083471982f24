// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// One reading of a log for all objects that are made of it.
///
/// One thread reads and picks, some compress, and each object's upload takes the blocks in order. A few blocks exist at
/// a time, so that memory stays the same for a log of any length: where one upload is slow, all wait.
final class ArchivePass: Sendable {
    /// Large enough for compression to lose nothing at the borders, small enough for constant memory.
    static let blockSize = 1 << 20
    /// The blocks that may exist at a time.
    static let blockLimit = 6
    /// The blocks that may wait to be compressed: they are large, and two keep the cores busy.
    private static let rawLimit = 2
    /// How long all wait for an upload that has not taken anything, such as one whose container is being made.
    private static let patience = Duration.seconds(5)

    private let parts: [LogPart]
    private let compressor: any LogCompressor
    private let state: Monitor<PassState>

    /// Creates a pass.
    ///
    /// - Parameters:
    ///   - parts: What is read of the log.
    ///   - items: For each object, the index of its part.
    init(parts: [LogPart], items: [Int], compressor: any LogCompressor) {
        self.parts = parts
        self.compressor = compressor
        state = Monitor(PassState(parts: parts.count, items: items))
    }

    // MARK: - The thread that reads

    /// Reads to the end, or until nobody wants more.
    func read(
        _ log: any OpenedLog,
        isCancelled: @Sendable () -> Bool,
        progress: @Sendable (_ position: UInt64) -> Void
    ) {
        do throws(ObjectStoreError) {
            try readAll(log, isCancelled, progress)
        } catch {
            stop(error)
        }
        state.change { $0.isRead = true }
    }

    private func readAll(
        _ log: any OpenedLog,
        _ isCancelled: @Sendable () -> Bool,
        _ progress: @Sendable (UInt64) -> Void
    ) throws(ObjectStoreError) {
        var blocks = [LogBlock](repeating: LogBlock(), count: parts.count)
        do throws(DriverError) {
            // What a reader adds at a time is much less; where it is more, the block grows.
            for part in blocks.indices { blocks[part].bytes.reserveCapacity(Self.blockSize * 3 / 2) }
            let reader = try log.makeReader(of: parts)
            while let position = try reader.next(into: &blocks) {
                guard !isCancelled() else { return stop(.stopping) }
                progress(position)
                for part in blocks.indices where blocks[part].bytes.count >= Self.blockSize {
                    guard pass(&blocks[part], to: part) else { return }
                }
            }
        } catch {
            throw ObjectStoreError(.sourceFailed, error.message)
        }
        for part in blocks.indices {
            // Without a single line, one empty member still makes a file that gunzip reads.
            if !blocks[part].bytes.isEmpty || state.read({ $0.parts[part].next == 0 }) {
                guard pass(&blocks[part], to: part) else { return }
            }
            state.change { $0.parts[part].isWhole = true }
        }
    }

    /// Gives a block to be compressed, once there is room.
    ///
    /// - Returns: false where nobody wants it any more.
    private func pass(_ block: inout LogBlock, to part: Int) -> Bool {
        var isPatient = true
        while true {
            let hasRoom = state.wait(atMost: isPatient ? Self.patience : nil) { state -> Bool? in
                if state.isAbandoned { return false }
                return state.inFlight < Self.blockLimit && state.raw.count < Self.rawLimit ? true : nil
            }
            if hasRoom == false { return false }
            if hasRoom == true { break }
            isPatient = false
            state.change { state in
                for item in state.items.indices where state.items[item].seat == .absent { state.leave(item) }
            }
        }
        state.change { state in
            state.parts[part].lineCount += block.lineCount
            state.add(&block.bytes, to: part)
        }
        block.lineCount = 0
        return true
    }

    // MARK: - The threads that compress

    /// Compresses blocks until there are no more.
    func compress() {
        while true {
            let block = state.wait { state -> PassState.RawBlock?? in
                if !state.raw.isEmpty { return .some(state.raw.removeFirst()) }
                return state.isRead || state.isAbandoned ? .some(nil) : nil
            }
            guard var block = block ?? nil else { return }
            let compressed = compressor.compress(block.bytes)
            state.change { state in
                state.put(compressed, for: block)
                state.recycle(&block.bytes)
            }
        }
    }

    // MARK: - The threads that upload

    /// Takes an upload's place in the pass.
    ///
    /// - Returns: false where it is too late, and a pass of its own is needed.
    func join(_ item: Int) -> Bool {
        state.change { state in
            guard state.items[item].seat == .absent, state.failure == nil else {
                // One that begins again while its first attempt is still about.
                if state.items[item].seat == .taken { state.leave(item) }
                return false
            }
            state.items[item].seat = .taken
            return true
        }
    }

    /// Makes room for the others where an attempt has ended.
    func leave(_ item: Int, forEver: Bool) {
        state.change { state in
            guard forEver || state.items[item].seat == .taken else { return }
            if !forEver, state.items[item].taken == 0 {
                state.items[item].seat = .absent
            } else {
                state.leave(item)
            }
        }
    }

    /// Takes the next block of an object, once it is there.
    ///
    /// - Returns: nil at the end.
    func next(_ item: Int) throws(ObjectStoreError) -> [UInt8]? {
        let result = state.wait { state -> Result<[UInt8]?, ObjectStoreError>? in
            if let error = state.failure { return .failure(error) }
            if state.items[item].seat == .left { return .failure(.overtaken) }
            if let bytes = state.take(item) { return .success(bytes) }
            return state.hasTakenAll(item) ? .success(nil) : nil
        }
        return try result?.get() ?? nil
    }

    /// The lines of a part, once it has been read to its end.
    func lineCount(of part: Int) -> UInt64 { state.read { $0.parts[part].lineCount } }

    /// Ends the pass for all who take part.
    func stop(_ error: ObjectStoreError) { state.change { $0.failure = $0.failure ?? error } }
}

extension ObjectStoreError {
    /// What ends an upload where the agent is stopping.
    static let stopping = ObjectStoreError(.cancelled, "the agent is stopping; send the ARCHIVE again")

    /// What an attempt is told that was given up, and asks for more all the same.
    fileprivate static let overtaken = ObjectStoreError(.sourceFailed, "another attempt has begun the object anew")
}
