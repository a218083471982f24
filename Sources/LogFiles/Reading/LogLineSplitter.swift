// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SteelyardCore

/// Splits a log that arrives in pieces into lines, and passes each line to the parts that want it.
///
/// A line of any length needs no more memory than a piece: once its owner is known, its bytes are passed on as they
/// arrive. NULs at the start of a line are not part of it: file systems leave them after a crash, and HAProxy before
/// its next line in a truncated log.
package struct LogLineSplitter {
    /// A line longer than this is passed on before its end is known.
    package static let longLine = 64 << 10

    /// The number of lines read.
    package private(set) var lineCount: UInt64 = 0
    /// The number of lines of deleted load balancers.
    package private(set) var deletedLineCount: UInt64 = 0
    private var selection: LogPartSelection
    private let classifier: any LogLineClassifier
    /// Whether each part currently wants lines.
    var isActive: [Bool]
    /// The parts of the long line whose start has been passed on; nil if there is no such line.
    private var longLineParts: LogPartSelection.Parts?

    package init(_ parts: [LogPart], _ classifier: any LogLineClassifier) {
        selection = LogPartSelection(parts)
        self.classifier = classifier
        isActive = Array(repeating: true, count: parts.count)
    }

    /// Takes bytes that follow those of the last call.
    ///
    /// - Returns: The number of bytes taken; pass the rest again, followed by the next bytes.
    package mutating func take(_ bytes: UnsafeRawBufferPointer, into blocks: inout [LogBlock]) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        var position = 0
        if let parts = longLineParts {
            let end = unsafe Self.lineEnd(base, from: 0, to: bytes.count)
            unsafe pass(
                UnsafeRawBufferPointer(rebasing: bytes[..<(end ?? bytes.count)]),
                parts,
                end == nil ? 0 : 1,
                &blocks
            )
            guard let end else { return bytes.count }
            longLineParts = nil
            lineCount += 1
            position = end
        }
        // Consecutive lines of one owner are passed on at once.
        var (runStart, runLines) = (position, UInt64(0))
        var runParts: LogPartSelection.Parts = 0
        while position < bytes.count {
            let start = unsafe Self.endOfNULs(bytes, from: position)
            let end = unsafe Self.lineEnd(base, from: start, to: bytes.count)
            var parts: LogPartSelection.Parts = 0
            if let end {
                parts = unsafe self.parts(of: UnsafeRawBufferPointer(start: base + start, count: end - 1 - start))
            }
            if parts != runParts || start != position || end == nil {
                unsafe pass(UnsafeRawBufferPointer(rebasing: bytes[runStart..<position]), runParts, runLines, &blocks)
                (runStart, runLines, runParts) = (start, 0, parts)
                position = start
            }
            guard let end else { break }
            lineCount += 1
            runLines += 1
            position = end
        }
        unsafe pass(UnsafeRawBufferPointer(rebasing: bytes[runStart..<position]), runParts, runLines, &blocks)
        guard bytes.count - position >= Self.longLine else { return position }
        let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[position...])
        let parts = unsafe parts(of: rest)
        longLineParts = parts
        unsafe pass(rest, parts, 0, &blocks)
        return bytes.count
    }

    /// Ends a piece of the log whose last line has no newline.
    ///
    /// - Parameter rest: The bytes that ``take(_:into:)`` has not taken.
    package mutating func end(_ rest: UnsafeRawBufferPointer, into blocks: inout [LogBlock]) {
        let newline = [UInt8(ascii: "\n")]
        let rest = unsafe UnsafeRawBufferPointer(rebasing: rest[Self.endOfNULs(rest, from: 0)...])
        if let parts = longLineParts {
            longLineParts = nil
            lineCount += 1
            unsafe newline.withUnsafeBytes { unsafe pass($0, parts, 1, &blocks) }
        } else if unsafe !rest.isEmpty {
            let parts = unsafe parts(of: rest)
            lineCount += 1
            unsafe pass(rest, parts, 0, &blocks)
            unsafe newline.withUnsafeBytes { unsafe pass($0, parts, 1, &blocks) }
        }
    }

    /// Drops the start of a line whose end is lost.
    ///
    /// The part of a long line that has been passed on gets a newline.
    mutating func drop(into blocks: inout [LogBlock]) {
        if longLineParts != nil { unsafe end(UnsafeRawBufferPointer(start: nil, count: 0), into: &blocks) }
    }

    private mutating func parts(of line: UnsafeRawBufferPointer) -> LogPartSelection.Parts {
        let owner = unsafe classifier.owner(of: line)
        if owner == .deletedLoadBalancer { deletedLineCount += 1 }
        return unsafe selection.parts(of: owner, line)
    }

    private func pass(
        _ bytes: UnsafeRawBufferPointer,
        _ parts: LogPartSelection.Parts,
        _ lines: UInt64,
        _ blocks: inout [LogBlock]
    ) {
        guard parts != 0, unsafe !bytes.isEmpty else { return }
        for index in isActive.indices where parts & 1 << index != 0 && isActive[index] {
            unsafe blocks[index].bytes.append(contentsOf: bytes)
            blocks[index].lineCount += lines
        }
    }

    /// Returns the offset of the first byte that is not NUL.
    private static func endOfNULs(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var start = start
        while start < bytes.count, unsafe bytes[start] == 0 { start += 1 }
        return start
    }

    /// Returns the offset after the next newline.
    private static func lineEnd(_ base: UnsafeRawPointer, from start: Int, to end: Int) -> Int? {
        guard start < end, let found = unsafe memchr(base + start, 0x0A, end - start) else { return nil }
        return unsafe UnsafeRawPointer(found) - base + 1
    }
}
