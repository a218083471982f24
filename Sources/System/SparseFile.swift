// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage

/// Reads and frees parts of a file that starts with a hole.
package enum SparseFile {
    private static let pieceSize = 1 << 20

    /// Returns the range of a file from its first byte that is not NUL to its end; does not read a hole.
    ///
    /// - Returns: nil if there is no such byte, or if the file cannot be opened or read.
    package static func content(of path: FilePath) -> Range<UInt64>? {
        let options: FileDescriptor.OpenOptions = [.closeOnExec, .noFollow, .nonBlocking]
        guard let descriptor = try? FileDescriptor.open(path, .readOnly, options: options) else { return nil }
        return try? descriptor.closeAfter { try content(of: descriptor) }
    }

    /// Returns the range of a file from its first byte that is not NUL to its end; does not read a hole.
    ///
    /// - Returns: nil if there is no such byte.
    /// - Throws: `Errno`.
    package static func content(of descriptor: FileDescriptor) throws -> Range<UInt64>? {
        let end = UInt64(try descriptor.seek(offset: 0, from: .end))
        // 3 is SEEK_DATA. A file system without holes does not support it.
        let data = lseek(descriptor.rawValue, 0, 3)
        if data < 0, errno == ENXIO { return nil }
        var start = UInt64(max(0, data))
        while start < end {
            let piece = try read(descriptor, at: start, atMost: Int(min(end - start, 65_536)))
            if piece.isEmpty { return nil }
            if let first = piece.firstIndex(where: { $0 != 0 }) { return start + UInt64(first)..<end }
            start += UInt64(piece.count)
        }
        return nil
    }

    /// Finds the last newline in a range.
    ///
    /// - Returns: The offset after it; nil if there is none.
    /// - Throws: `Errno`.
    package static func endOfLines(_ descriptor: FileDescriptor, in range: Range<UInt64>) throws -> UInt64? {
        var end = range.upperBound
        while end > range.lowerBound {
            let start = end - min(end - range.lowerBound, 65_536)
            let piece = try read(descriptor, at: start, atMost: Int(end - start))
            if let newline = piece.lastIndex(of: UInt8(ascii: "\n")) { return start + UInt64(newline) + 1 }
            end = start
        }
        return nil
    }

    /// Reads a range in pieces of 1 MiB.
    ///
    /// - Throws: `Errno`; `EIO` if the file ends before the range does.
    package static func forEachPiece(
        _ descriptor: FileDescriptor,
        in range: Range<UInt64>,
        _ body: ([UInt8]) throws -> Void
    ) throws {
        var place = range.lowerBound
        while place < range.upperBound {
            let piece = try read(descriptor, at: place, atMost: Int(min(range.upperBound - place, UInt64(pieceSize))))
            guard !piece.isEmpty else { throw Errno.ioError }
            try body(piece)
            place += UInt64(piece.count)
        }
    }

    /// Reads bytes at an offset.
    ///
    /// - Throws: `Errno`.
    package static func read(_ descriptor: FileDescriptor, at offset: UInt64, atMost count: Int) throws -> [UInt8] {
        try unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = try unsafe descriptor.read(
                fromAbsoluteOffset: Int64(offset),
                into: UnsafeMutableRawBufferPointer(buffer)
            )
        }
    }

    /// Frees a range, which then reads as NULs; the file keeps its size.
    ///
    /// - Throws: `Errno`; `EOPNOTSUPP` if the file system does not support this.
    package static func free(_ descriptor: FileDescriptor, _ range: Range<UInt64>) throws {
        while steelyard_punch_hole(descriptor.rawValue, off_t(range.lowerBound), off_t(range.count)) != 0 {
            guard errno == EINTR else { throw Errno(rawValue: errno) }
        }
    }

    /// Locks a file until the descriptor is closed.
    ///
    /// - Parameters:
    ///   - isExclusive: Whether to exclude all other locks; the descriptor must then be open for writing.
    ///   - waits: Whether to wait for other locks.
    /// - Returns: false if another descriptor has a lock. On a file system without locks, always true.
    package static func lock(_ descriptor: FileDescriptor, isExclusive: Bool, waits: Bool) -> Bool {
        while steelyard_lock_file(descriptor.rawValue, isExclusive ? 1 : 0, waits ? 1 : 0) != 0 {
            guard errno == EINTR else { return ![EAGAIN, EACCES].contains(errno) }
        }
        return true
    }

    /// Returns whether a path refers to the file of a descriptor.
    package static func names(_ path: FilePath, _ descriptor: FileDescriptor) -> Bool {
        var (one, other) = (stat(), stat())
        guard unsafe fstat(descriptor.rawValue, &one) == 0, unsafe lstat(path.string, &other) == 0 else { return false }
        return one.st_ino == other.st_ino && one.st_dev == other.st_dev
    }
}
