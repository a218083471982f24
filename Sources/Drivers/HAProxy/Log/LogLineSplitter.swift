// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore

/// Splits a log that comes in pieces into lines, and gives each to the parts that want its load balancer's.
///
/// A line of any length takes no more room than a piece: once it can be told whose it is, it passes by as it comes.
struct LogLineSplitter {
    /// A beginning of a line that is longer than this is passed on without its end.
    static let longLine = 64 << 10

    private let parts: [MeteredProtocol]
    /// Whether each part wants lines now.
    var isActive: [Bool]
    /// Whose the line is whose beginning has passed by; nil where no such line has begun.
    private var goingOn: MeteredProtocol??

    init(_ parts: [MeteredProtocol]) {
        self.parts = parts
        isActive = Array(repeating: true, count: parts.count)
    }

    /// Takes bytes that begin where the last call stopped.
    ///
    /// - Returns: How many it has taken; the rest is the beginning of a line, to be given again with what follows.
    mutating func take(_ bytes: UnsafeRawBufferPointer, into blocks: inout [LogBlock]) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        var position = 0
        if case .some(let owner) = goingOn {
            let end = unsafe Self.lineEnd(base, from: 0, to: bytes.count)
            unsafe pass(
                UnsafeRawBufferPointer(rebasing: bytes[..<(end ?? bytes.count)]),
                owner,
                end == nil ? 0 : 1,
                &blocks
            )
            guard let end else { return bytes.count }
            goingOn = nil
            position = end
        }
        // Lines of one owner that follow one another are passed on at once.
        var (runStart, runLines) = (position, UInt64(0))
        var runOwner: MeteredProtocol?
        while let end = unsafe Self.lineEnd(base, from: position, to: bytes.count) {
            let owner = unsafe LogLineSelector.owner(
                of: UnsafeRawBufferPointer(start: base + position, count: end - 1 - position)
            )
            if owner != runOwner {
                unsafe pass(UnsafeRawBufferPointer(rebasing: bytes[runStart..<position]), runOwner, runLines, &blocks)
                (runStart, runLines, runOwner) = (position, 0, owner)
            }
            runLines += 1
            position = end
        }
        unsafe pass(UnsafeRawBufferPointer(rebasing: bytes[runStart..<position]), runOwner, runLines, &blocks)
        guard bytes.count - position >= Self.longLine else { return position }
        let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[position...])
        let owner = unsafe LogLineSelector.owner(of: rest)
        goingOn = .some(owner)
        unsafe pass(rest, owner, 0, &blocks)
        return bytes.count
    }

    /// Ends a piece of the log whose last line has no end.
    ///
    /// - Parameter rest: What ``take(_:into:)`` has left of it.
    mutating func end(_ rest: UnsafeRawBufferPointer, into blocks: inout [LogBlock]) {
        let newline = [UInt8(ascii: "\n")]
        if case .some(let owner) = goingOn {
            goingOn = nil
            unsafe newline.withUnsafeBytes { unsafe pass($0, owner, 1, &blocks) }
        } else if unsafe !rest.isEmpty {
            let owner = unsafe LogLineSelector.owner(of: rest)
            unsafe pass(rest, owner, 0, &blocks)
            unsafe newline.withUnsafeBytes { unsafe pass($0, owner, 1, &blocks) }
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

    /// The place behind the next newline.
    private static func lineEnd(_ base: UnsafeRawPointer, from start: Int, to end: Int) -> Int? {
        guard start < end, let found = unsafe memchr(base + start, 0x0A, end - start) else { return nil }
        return unsafe UnsafeRawPointer(found) - base + 1
    }
}
