// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import SystemPackage

/// The bytes of a file that begins with a hole.
extension LogRotation {
    private static let pieceSize = 1 << 20

    /// Where a file's content is; nil if there is no such file, or no content.
    static func content(of path: FilePath) -> Range<UInt64>? {
        let descriptor = try? FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .noFollow, .nonBlocking])
        guard let descriptor else { return nil }
        return try? descriptor.closeAfter { content(of: descriptor) }
    }

    /// Where a file's content is: behind the NULs of a hole and of the block that it ends in.
    static func content(of descriptor: FileDescriptor) -> Range<UInt64>? {
        // 3 is SEEK_DATA: where a hole ends, to the block.
        guard let end = try? descriptor.seek(offset: 0, from: .end), case let block = lseek(descriptor.rawValue, 0, 3),
            block >= 0
        else { return nil }
        var start = UInt64(block)
        while start < UInt64(end) {
            let count = Int(min(UInt64(end) - start, 65_536))
            guard let piece = try? read(descriptor, start, count), !piece.isEmpty else { return nil }
            if let first = piece.firstIndex(where: { $0 != 0 }) { return start + UInt64(first)..<UInt64(end) }
            start += UInt64(piece.count)
        }
        return nil
    }

    /// The place behind the last newline of a range.
    static func endOfLines(_ descriptor: FileDescriptor, _ range: Range<UInt64>) throws -> UInt64? {
        var end = range.upperBound
        while end > range.lowerBound {
            let count = min(end - range.lowerBound, 65_536)
            let piece = try read(descriptor, end - count, Int(count))
            if let newline = piece.lastIndex(of: UInt8(ascii: "\n")) { return end - count + UInt64(newline) + 1 }
            end -= count
        }
        return nil
    }

    static func forEachPiece(
        _ descriptor: FileDescriptor,
        _ range: Range<UInt64>,
        _ body: ([UInt8]) throws -> Void
    ) throws {
        var place = range.lowerBound
        while place < range.upperBound {
            let piece = try read(descriptor, place, Int(min(range.upperBound - place, UInt64(pieceSize))))
            // Another program has cut the file.
            guard !piece.isEmpty else { throw Errno.ioError }
            try body(piece)
            place += UInt64(piece.count)
        }
    }

    private static func read(_ descriptor: FileDescriptor, _ place: UInt64, _ count: Int) throws -> [UInt8] {
        try unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = try unsafe descriptor.read(
                fromAbsoluteOffset: Int64(place),
                into: UnsafeMutableRawBufferPointer(buffer)
            )
        }
    }

    static func free(_ descriptor: FileDescriptor, _ range: Range<UInt64>) throws {
        while steelyard_punch_hole(descriptor.rawValue, off_t(range.lowerBound), off_t(range.count)) != 0 {
            guard errno == EINTR else { throw Errno(rawValue: errno) }
        }
    }

    /// Whether a file still has the name.
    static func isSame(_ descriptor: FileDescriptor, _ path: FilePath) -> Bool {
        var (one, other) = (stat(), stat())
        guard unsafe fstat(descriptor.rawValue, &one) == 0, unsafe lstat(path.string, &other) == 0 else { return false }
        return one.st_ino == other.st_ino && one.st_dev == other.st_dev
    }
}
