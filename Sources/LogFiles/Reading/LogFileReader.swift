// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Synchronization

/// Reads the files of an opened log in pieces, and selects the lines of its parts.
final class LogFileReader: LogReader {
    /// Small enough to stay in the CPU cache between reading and selecting.
    private static let pieceSize = 256 << 10

    private struct State {
        var segments: ArraySlice<LogSegment>
        var splitter: LogLineSplitter
        var stream: LogFileStream?
        var streamed: LogFile?
        /// The start of a line, and room for the next bytes.
        var buffer = [UInt8](repeating: 0, count: LogFileReader.pieceSize + LogLineSplitter.longLine)
        var kept = 0
    }

    private let positions: [ObjectIdentifier: UInt64]
    private let byteCount: UInt64
    private let folder: LogFolder
    private let report: LogReport
    private let state: Mutex<State>

    init(
        _ segments: [LogSegment],
        of files: [LogFile],
        _ splitter: LogLineSplitter,
        _ folder: LogFolder,
        _ report: LogReport
    ) {
        var position: UInt64 = 0
        var positions: [ObjectIdentifier: UInt64] = [:]
        for file in files {
            positions[ObjectIdentifier(file)] = position
            position += file.byteCount
        }
        self.positions = positions
        byteCount = position
        self.folder = folder
        self.report = report
        state = Mutex(State(segments: segments[...], splitter: splitter))
    }

    var examinedLineCount: UInt64 { state.withLock { $0.splitter.lineCount } }

    func next(into blocks: inout [LogBlock]) throws(DriverError) -> UInt64? {
        try state.withLock { state throws(DriverError) in try read(&state, into: &blocks) }
    }

    private func read(_ state: inout State, into blocks: inout [LogBlock]) throws(DriverError) -> UInt64? {
        guard let segment = state.segments.first else {
            report.noteDeletedLines(state.splitter.deletedLineCount)
            return nil
        }
        do throws(LogFileError) { try read(segment, &state, into: &blocks) } catch {
            // A corrupt rotated file must not prevent archiving the others.
            guard segment.file.name.age != .current, !error.isShortage else { throw error.driverError }
            report.add(
                error,
                lostBytes: segment.file.byteCount - min(segment.file.byteCount, state.stream?.position ?? 0)
            )
            state.splitter.drop(into: &blocks)
            state.kept = 0
            state.stream = nil
            state.segments = state.segments.drop { $0.file === segment.file }
        }
        if state.segments.first?.file !== segment.file { state.stream = nil }
        return position(state)
    }

    private func read(
        _ segment: LogSegment,
        _ state: inout State,
        into blocks: inout [LogBlock]
    ) throws(LogFileError) {
        if state.streamed !== segment.file || state.stream == nil {
            state.stream = nil
            state.stream = try LogFileStream(segment.file, in: folder, report)
            state.streamed = segment.file
        }
        guard let stream = state.stream else { return }
        state.splitter.isActive = segment.isActive
        try stream.skip(to: segment.range.lowerBound)
        let left = segment.range.upperBound - min(stream.offset, segment.range.upperBound)
        let kept = state.kept
        let wanted = Int(min(left, UInt64(Self.pieceSize)))
        // Moved out, so that the splitter can be mutated meanwhile.
        var buffer: [UInt8] = []
        swap(&buffer, &state.buffer)
        defer { swap(&buffer, &state.buffer) }
        var span = buffer.mutableSpan
        let count = try unsafe span.withUnsafeMutableBytes { bytes throws(LogFileError) in
            try unsafe stream.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[kept..<(kept + wanted)]))
        }
        unsafe span.withUnsafeMutableBytes { bytes in
            let filled = unsafe UnsafeRawBufferPointer(rebasing: bytes[..<(kept + count)])
            if count > 0 {
                let taken = unsafe state.splitter.take(filled, into: &blocks)
                state.kept = filled.count - taken
                unsafe bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: filled[taken...]))
            } else {
                // Drop an incomplete line whose end is lost.
                if stream.isCutOff {
                    state.splitter.drop(into: &blocks)
                } else {
                    unsafe state.splitter.end(filled, into: &blocks)
                }
                state.kept = 0
            }
        }
        if count == 0 { state.segments.removeFirst() }
    }

    private func position(_ state: State) -> UInt64 {
        guard let segment = state.segments.first else { return byteCount }
        let before = positions[ObjectIdentifier(segment.file)] ?? 0
        return before + (state.streamed === segment.file ? state.stream?.position ?? 0 : 0)
    }
}
