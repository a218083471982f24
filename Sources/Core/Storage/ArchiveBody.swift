// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The content of one archive: the lines of a log, picked by the driver, compressed block by block.
final class ArchiveBody: ObjectBody {
    private struct State {
        var reader: any LogReader
        var isAtEnd = false
        var isEmpty = true
    }

    /// Large enough for compression to lose nothing at the borders, small enough for constant memory.
    private static let blockSize = 1 << 20

    private let state: Mutex<State>
    private let compressor: any LogCompressor
    private let progress: @Sendable (_ position: UInt64) -> Void
    private let isCancelled: @Sendable () -> Bool

    init(
        log: any OpenedLog,
        compressor: any LogCompressor,
        isCancelled: @escaping @Sendable () -> Bool,
        progress: @escaping @Sendable (_ position: UInt64) -> Void
    ) throws(ObjectStoreError) {
        do { state = Mutex(State(reader: try log.makeReader())) } catch {
            throw ObjectStoreError(.sourceFailed, error.message)
        }
        self.compressor = compressor
        self.isCancelled = isCancelled
        self.progress = progress
    }

    func next() throws(ObjectStoreError) -> [UInt8]? {
        try state.withLock { state throws(ObjectStoreError) in try next(&state) }
    }

    private func next(_ state: inout State) throws(ObjectStoreError) -> [UInt8]? {
        guard !state.isAtEnd else { return nil }
        var block: [UInt8] = []
        while block.count < Self.blockSize {
            // Within the loop: a long log may have no line for this archive.
            guard !isCancelled() else {
                throw ObjectStoreError(.cancelled, "the agent is stopping; send the ARCHIVE again")
            }
            let chunk: LogChunk?
            do { chunk = try state.reader.next() } catch { throw ObjectStoreError(.sourceFailed, error.message) }
            guard let chunk else {
                state.isAtEnd = true
                break
            }
            block.append(contentsOf: chunk.lines)
            progress(chunk.position)
        }
        // Without a single line, one empty member still makes a file that gunzip reads.
        guard !block.isEmpty || state.isEmpty else { return nil }
        state.isEmpty = false
        return compressor.compress(block)
    }
}
