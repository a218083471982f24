// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import Synchronization

/// Reads the files of an opened log in pieces, and picks the lines of its parts.
final class HAProxyLogReader: LogReader {
    /// Small enough to stay in a core's own cache between reading and picking.
    private static let pieceSize = 256 << 10

    private struct State {
        var segments: ArraySlice<LogSegment>
        var splitter: LogLineSplitter
        var stream: LogFileStream?
        var streamed: LogFile?
        /// The beginning of a line, and room for what follows.
        var buffer = [UInt8](repeating: 0, count: HAProxyLogReader.pieceSize + LogLineSplitter.longLine)
        var kept = 0
    }

    private let files: [LogFile]
    private let folder: LogFolder
    private let logger: Logger
    private let state: Mutex<State>

    init(
        _ segments: [LogSegment],
        of files: [LogFile],
        _ parts: [MeteredProtocol],
        _ folder: LogFolder,
        _ logger: Logger
    ) {
        self.files = files
        self.folder = folder
        self.logger = logger
        state = Mutex(State(segments: segments[...], splitter: LogLineSplitter(parts)))
    }

    var examinedLineCount: UInt64 { 0 }

    func next(into blocks: inout [LogBlock]) throws(DriverError) -> UInt64? {
        try state.withLock { state throws(DriverError) in try read(&state, into: &blocks) }
    }

    private func read(_ state: inout State, into blocks: inout [LogBlock]) throws(DriverError) -> UInt64? {
        guard let segment = state.segments.first else { return nil }
        if state.streamed !== segment.file {
            state.stream = try LogFileStream(segment.file, in: folder, logger)
            state.streamed = segment.file
        }
        state.splitter.isActive = segment.isActive
        try state.stream?.skip(to: segment.range.lowerBound)
        let left = segment.range.upperBound - min(state.stream?.offset ?? .max, segment.range.upperBound)
        let kept = state.kept
        let wanted = Int(min(left, UInt64(Self.pieceSize)))
        // Taken out and put back, so that the stream and the splitter can be changed meanwhile.
        var buffer: [UInt8] = []
        swap(&buffer, &state.buffer)
        defer { swap(&buffer, &state.buffer) }
        var span = buffer.mutableSpan
        let count = try unsafe span.withUnsafeMutableBytes { bytes throws(DriverError) in
            try unsafe state.stream?.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[kept..<(kept + wanted)]))
                ?? 0
        }
        unsafe span.withUnsafeMutableBytes { bytes in
            let filled = unsafe UnsafeRawBufferPointer(rebasing: bytes[..<(kept + count)])
            if count > 0 {
                let taken = unsafe state.splitter.take(filled, into: &blocks)
                state.kept = filled.count - taken
                unsafe bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: filled[taken...]))
            } else {
                // Half a line whose other half is gone is not a line.
                let isCutOff = state.stream?.isCutOff ?? false
                unsafe state.splitter.end(
                    isCutOff ? UnsafeRawBufferPointer(rebasing: filled[..<0]) : filled,
                    into: &blocks
                )
                state.kept = 0
            }
        }
        if count == 0 { state.segments.removeFirst() }
        return position(state)
    }

    private func position(_ state: State) -> UInt64 {
        guard let segment = state.segments.first else { return files.reduce(0) { $0 + $1.byteCount } }
        let before = files.prefix { $0 !== segment.file }.reduce(0) { $0 + $1.byteCount }
        return before + (state.streamed === segment.file ? state.stream?.position ?? 0 : 0)
    }
}
