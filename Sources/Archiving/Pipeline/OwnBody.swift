// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Synchronization

/// The content of one object in a later attempt: the upload's thread reads, selects and compresses it.
final class OwnBody: ObjectBody {
    private struct State {
        let reader: any LogReader
        var blocks = [LogBlock()]
        var lineCount: UInt64 = 0
        var isAtEnd = false
        var isEmpty = true
    }

    private let state: Mutex<State>
    private let compressor: any LogCompressor
    private let lineCount: LineCount
    private let isCancelled: @Sendable () -> Bool

    init(
        _ part: LogPart,
        of log: any OpenedLog,
        compressor: any LogCompressor,
        lineCount: LineCount,
        isCancelled: @escaping @Sendable () -> Bool
    ) throws(ObjectStoreError) {
        do throws(DriverError) { state = Mutex(State(reader: try log.makeReader(of: [part]))) } catch {
            throw ObjectStoreError(.sourceFailed, error.message)
        }
        self.compressor = compressor
        self.lineCount = lineCount
        self.isCancelled = isCancelled
    }

    func next() throws(ObjectStoreError) -> [UInt8]? {
        try state.withLock { state throws(ObjectStoreError) in
            if let bytes = try next(&state) { return bytes }
            lineCount.set(state.lineCount)
            return nil
        }
    }

    private func next(_ state: inout State) throws(ObjectStoreError) -> [UInt8]? {
        guard !state.isAtEnd else { return nil }
        let begun = ContinuousClock.now
        while !state.blocks[0].isDue(since: begun) {
            // Checked in the loop: a long log may have no line for this archive.
            guard !isCancelled() else { throw .cancelledArchive }
            do throws(DriverError) {
                if try state.reader.next(into: &state.blocks) != nil { continue }
            } catch {
                throw ObjectStoreError(.sourceFailed, error.message)
            }
            state.isAtEnd = true
            break
        }
        // A log without lines still becomes a file that gunzip reads: one empty member.
        guard !state.blocks[0].bytes.isEmpty || state.isEmpty else { return nil }
        state.isEmpty = false
        state.lineCount += state.blocks[0].lineCount
        state.blocks[0].lineCount = 0
        defer { state.blocks[0].bytes.removeAll(keepingCapacity: true) }
        return compressor.compress(state.blocks[0].bytes)
    }
}
