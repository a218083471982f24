// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SteelyardCore

/// Splits a log that arrives in pieces into lines, and passes each line to the parts that want its load balancer.
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
    private let parts: [MeteredProtocol]
    private let classifier: any LogLineClassifier
    /// Whether each part currently wants lines.
    var isActive: [Bool]
    /// The owner of the long line whose start has been passed on; nil if there is no such line.
    private var longLineOwner: MeteredProtocol??

    package init(_ parts: [MeteredProtocol], _ classifier: any LogLineClassifier) {
        self.parts = parts
        self.classifier = classifier
        isActive = Array(repeating: true, count: parts.count)
    }

    /// Takes bytes that follow those of the last call.
    ///
    /// - Returns: The number of bytes taken; pass the rest again, followed by the next bytes.
    package mutating func take(_ bytes: UnsafeRawBufferPointer, into blocks: inout [LogBlock]) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        var position = 0
        if case .some(let owner) = longLineOwner {
            let end = unsafe Self.lineEnd(base, from: 0, to: bytes.count)
            unsafe pass(
                UnsafeRawBufferPointer(rebasing: bytes[..<(end ?? bytes.count)]),
                owner,
                end == nil ? 0 : 1,
                &blocks
            )
            guard let end else { return bytes.count }
            longLineOwner = nil
            lineCount += 1
            position = end
        }
        // Consecutive lines of one owner are passed on at once.
        var (runStart, runLines) = (position, UInt64(0))
        var runOwner: MeteredProtocol?
        while position < bytes.count {
            let start = unsafe Self.endOfNULs(bytes, from: position)
            let end = unsafe Self.lineEnd(base, from: start, to: bytes.count)
            var owner: MeteredProtocol?
            if let end {
                owner = unsafe self.owner(of: UnsafeRawBufferPointer(start: base + start, count: end - 1 - start))
            }
            if owner != runOwner || start != position || end == nil {
                unsafe pass(UnsafeRawBufferPointer(rebasing: bytes[runStart..<position]), runOwner, runLines, &blocks)
                (runStart, runLines, runOwner) = (start, 0, owner)
                position = start
            }
            guard let end else { break }
            lineCount += 1
            runLines += 1
            position = end
        }
        unsafe pass(UnsafeRawBufferPointer(rebasing: bytes[runStart..<position]), runOwner, runLines, &blocks)
        guard bytes.count - position >= Self.longLine else { return position }
        let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[position...])
        let owner = unsafe owner(of: rest)
        longLineOwner = .some(owner)
        unsafe pass(rest, owner, 0, &blocks)
        return bytes.count
    }

    /// Ends a piece of the log whose last line has no newline.
    ///
    /// - Parameter rest: The bytes that ``take(_:into:)`` has not taken.
    package mutating func end(_ rest: UnsafeRawBufferPointer, into blocks: inout [LogBlock]) {
        let newline = [UInt8(ascii: "\n")]
        let rest = unsafe UnsafeRawBufferPointer(rebasing: rest[Self.endOfNULs(rest, from: 0)...])
        if case .some(let owner) = longLineOwner {
            longLineOwner = nil
            lineCount += 1
            unsafe newline.withUnsafeBytes { unsafe pass($0, owner, 1, &blocks) }
        } else if unsafe !rest.isEmpty {
            let owner = unsafe owner(of: rest)
            lineCount += 1
            unsafe pass(rest, owner, 0, &blocks)
            unsafe newline.withUnsafeBytes { unsafe pass($0, owner, 1, &blocks) }
        }
    }

    /// Drops the start of a line whose end is lost.
    ///
    /// The part of a long line that has been passed on gets a newline.
    mutating func drop(into blocks: inout [LogBlock]) {
        if longLineOwner != nil { unsafe end(UnsafeRawBufferPointer(start: nil, count: 0), into: &blocks) }
    }

    private mutating func owner(of line: UnsafeRawBufferPointer) -> MeteredProtocol? {
        switch unsafe classifier.owner(of: line) {
        case .loadBalancer(let kind): return kind
        case .deletedLoadBalancer:
            deletedLineCount += 1
            return nil
        case .none: return nil
        }
    }

    private func pass(
        _ bytes: UnsafeRawBufferPointer,
        _ owner: MeteredProtocol?,
        _ lines: UInt64,
        _ blocks: inout [LogBlock]
    ) {
        guard let owner, unsafe !bytes.isEmpty else { return }
        for index in parts.indices where parts[index] == owner && isActive[index] {
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
