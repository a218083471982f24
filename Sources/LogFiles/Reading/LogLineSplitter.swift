// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SteelyardCore

/// Splits a log that comes in pieces into lines, and gives each to the parts that want those of its load balancer.
///
/// A line of any length takes no more room than a piece: once its owner is known, it is passed on as it comes. NULs at the
/// beginning of a line are no part of it: a file system leaves them after a crash, and HAProxy before its next line in a
/// log that was emptied.
package struct LogLineSplitter {
    /// A beginning of a line that is longer than this is passed on without its end.
    package static let longLine = 64 << 10

    /// How many lines have been read.
    package private(set) var lineCount: UInt64 = 0
    /// How many of them belong to deleted load balancers.
    package private(set) var deletedLineCount: UInt64 = 0
    private let parts: [MeteredProtocol]
    private let classifier: any LogLineClassifier
    /// Whether each part wants lines now.
    var isActive: [Bool]
    /// The owner of the line whose beginning has been passed on; nil if there is no such line.
    private var longLineOwner: MeteredProtocol??

    package init(_ parts: [MeteredProtocol], _ classifier: any LogLineClassifier) {
        self.parts = parts
        self.classifier = classifier
        isActive = Array(repeating: true, count: parts.count)
    }

    /// Takes bytes that begin where the last call stopped.
    ///
    /// - Returns: How many it has taken; the rest is the beginning of a line, to be given again with what follows.
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
        // Lines of one owner that follow one another are passed on at once.
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

    /// Ends a piece of the log whose last line has no end.
    ///
    /// - Parameter rest: What ``take(_:into:)`` has left of it.
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

    /// Forgets the beginning of a line whose end is gone.
    ///
    /// What has been passed on of a long line gets an end.
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

    /// The place of the first byte that is not NUL.
    private static func endOfNULs(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var start = start
        while start < bytes.count, unsafe bytes[start] == 0 { start += 1 }
        return start
    }

    /// The place after the next newline.
    private static func lineEnd(_ base: UnsafeRawPointer, from start: Int, to end: Int) -> Int? {
        guard start < end, let found = unsafe memchr(base + start, 0x0A, end - start) else { return nil }
        return unsafe UnsafeRawPointer(found) - base + 1
    }
}
