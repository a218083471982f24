// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// One reading of a log for several objects.
///
/// One thread reads and selects, some compress, and each object's upload takes the blocks in order. Only a few blocks
/// exist at a time, so memory use does not depend on the length of the log: if one upload is slow, all wait.
final class LogPass: Sendable {
    /// Large enough that splitting costs no compression, small enough for constant memory.
    static let blockSize = 1 << 20
    /// The number of blocks that may exist at a time.
    static let blockLimit = 6
    /// The number of blocks that may wait for compression: they are large, and two keep the cores busy.
    private static let rawBlockLimit = 2
    /// How long all wait for an upload that has taken no block yet, for example while its container is created.
    private static let attachTimeout = Duration.seconds(5)

    /// After this time, a partial block is passed on: stores and proxies close a connection that is idle for long.
    static let longestSilence = Duration.seconds(5)

    private let parts: [LogPart]
    private let compressor: any LogCompressor
    private let state: BlockingCondition<PassState>

    /// Creates a pass.
    ///
    /// - Parameters:
    ///   - parts: The parts of the log to read.
    ///   - consumers: For each object, the index of its part.
    init(parts: [LogPart], consumers: [Int], compressor: any LogCompressor) {
        self.parts = parts
        self.compressor = compressor
        state = BlockingCondition(PassState(parts: parts.count, consumers: consumers))
    }

    // MARK: - The thread that reads

    /// Reads to the end, or until no consumer is left.
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
            // A reader adds much less than this at a time; if it adds more, the block grows.
            for part in blocks.indices { blocks[part].bytes.reserveCapacity(Self.blockSize * 3 / 2) }
            let reader = try log.makeReader(of: parts)
            defer { state.change { $0.examinedLineCount = reader.examinedLineCount } }
            var lastTimes = [ContinuousClock.Instant](repeating: .now, count: parts.count)
            while let position = try reader.next(into: &blocks) {
                guard !isCancelled() else { return stop(.cancelledArchive) }
                progress(position)
                for part in blocks.indices where blocks[part].isDue(since: lastTimes[part]) {
                    guard enqueue(&blocks[part], of: part) else { return }
                    lastTimes[part] = .now
                }
            }
        } catch {
            throw ObjectStoreError(.sourceFailed, error.message)
        }
        for part in blocks.indices {
            // A log without lines still becomes a file that gunzip reads: one empty member.
            if !blocks[part].bytes.isEmpty || state.read({ $0.parts[part].next == 0 }) {
                guard enqueue(&blocks[part], of: part) else { return }
            }
            state.change { $0.parts[part].isComplete = true }
        }
    }

    /// Queues a block for compression, once there is room.
    ///
    /// - Returns: false if no consumer is left.
    private func enqueue(_ block: inout LogBlock, of part: Int) -> Bool {
        var limit: Duration? = Self.attachTimeout
        while true {
            let hasRoom = state.wait(atMost: limit) { state -> Bool? in
                if state.isAbandoned { return false }
                let isFree = state.blocksInFlight < Self.blockLimit && state.rawBlocks.count < Self.rawBlockLimit
                return isFree ? true : nil
            }
            if hasRoom == false { return false }
            if hasRoom == true { break }
            limit = nil
            state.change { state in
                for index in state.consumers.indices where state.consumers[index].attachment == .expected {
                    state.detach(index)
                }
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
                if !state.rawBlocks.isEmpty { return .some(state.rawBlocks.removeFirst()) }
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

    /// Attaches an upload to the pass.
    ///
    /// - Returns: false if the pass is too far ahead, and the upload must read the log itself.
    func attach(_ consumer: Int) -> Bool {
        state.change { state in
            guard state.consumers[consumer].attachment == .expected, state.failure == nil else {
                // An upload may restart while the body of its first attempt still exists.
                if state.consumers[consumer].attachment == .attached { state.detach(consumer) }
                return false
            }
            state.consumers[consumer].attachment = .attached
            return true
        }
    }

    /// Frees the blocks of an attempt that ended; the upload may attach again if it has taken nothing.
    func release(_ consumer: Int) {
        state.change { state in
            guard state.consumers[consumer].attachment == .attached else { return }
            if state.consumers[consumer].takenBlocks == 0 {
                state.consumers[consumer].attachment = .expected
            } else {
                state.detach(consumer)
            }
        }
    }

    /// Frees the blocks of an upload that ended.
    func detach(_ consumer: Int) { state.change { $0.detach(consumer) } }

    /// Returns the next block of an object, and blocks until it is compressed.
    ///
    /// - Returns: nil at the end.
    func next(_ consumer: Int) throws(ObjectStoreError) -> [UInt8]? {
        let result = state.wait { state -> Result<[UInt8]?, ObjectStoreError>? in
            if let error = state.failure { return .failure(error) }
            if state.consumers[consumer].attachment == .detached { return .failure(.supersededAttempt) }
            if let bytes = state.take(consumer) { return .success(bytes) }
            return state.hasTakenAll(consumer) ? .success(nil) : nil
        }
        return try result?.get() ?? nil
    }

    /// The number of lines of a consumer's part, valid once the part has been read to its end.
    func lineCount(for consumer: Int) -> UInt64 { state.read { $0.parts[$0.consumers[consumer].part].lineCount } }

    /// The number of lines read, of any load balancer or none.
    var examinedLineCount: UInt64 { state.read { $0.examinedLineCount } }

    /// Ends the pass for all consumers.
    func stop(_ error: ObjectStoreError) { state.change { $0.failure = $0.failure ?? error } }
}

extension LogBlock {
    /// Returns whether the block is full, or has waited for ``longestSilence``.
    ///
    /// - Parameter time: When the last block of its part was passed on.
    func isDue(since time: ContinuousClock.Instant) -> Bool {
        bytes.count >= LogPass.blockSize || !bytes.isEmpty && .now - time > LogPass.longestSilence
    }
}
