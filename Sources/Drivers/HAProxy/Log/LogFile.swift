// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import GzipCompression
import SteelyardCore
import SystemPackage

/// One file of the log, opened: its descriptor keeps it, whatever becomes of its name.
final class LogFile: Sendable {
    /// As much of a file's beginning tells it from any other: a few lines, each with its time.
    static let headSize = 1024

    let path: FilePath
    let name: LogFileName
    let descriptor: FileDescriptor
    /// The bytes that it had on the disk when it was opened.
    let size: UInt64
    let device: UInt64
    let inode: UInt64
    /// The seconds since 1970 of the last writing.
    let modified: Int
    /// Where its content begins, decompressed.
    ///
    /// HAProxy goes on at its old place in a file that was emptied or rotated: nothing but NULs is before.
    let start: UInt64
    /// The beginning of its content, decompressed.
    let head: [UInt8]

    /// The bytes of its content, as they are on the disk.
    var byteCount: UInt64 { name.isCompressed ? size : size - start }

    /// Opens a file; the log itself is not rotated by the agent while it is open.
    ///
    /// - Parameter isShared: Whether to wait for a rotation, and to keep the next one waiting.
    /// - Returns: nil if there is no file of the name any more.
    /// - Throws: `DriverError` with the code `logUnavailable`.
    init?(_ path: FilePath, _ name: LogFileName, isShared: Bool = true) throws(DriverError) {
        self.path = path
        self.name = name
        do {
            descriptor = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking])
        } catch {
            if error as? Errno == .noSuchFileOrDirectory { return nil }
            throw DriverError(.logUnavailable, "cannot open HAProxy's log \(path): \(error)")
        }
        var information = stat()
        guard unsafe fstat(descriptor.rawValue, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
            try? descriptor.close()
            throw DriverError(.logUnavailable, "cannot read HAProxy's log \(path): it is no file")
        }
        if isShared, name.age == .current {
            // A file system without locks is no reason to fail: the file is then read as one that logrotate may rotate.
            while steelyard_lock_file(descriptor.rawValue, 0, 1) != 0, errno == EINTR {}
            unsafe fstat(descriptor.rawValue, &information)
        }
        size = UInt64(information.st_size)
        device = UInt64(information.st_dev)
        inode = UInt64(information.st_ino)
        modified = Int(information.st_mtim.tv_sec)
        do throws(DriverError) {
            if name.isCompressed {
                (start, head) = try Self.decompressedHead(path, descriptor, size)
            } else {
                start = try Self.firstByte(descriptor, path, size)
                head = try Self.read(descriptor, path, at: start, atMost: Int(min(size - start, UInt64(Self.headSize))))
            }
        } catch {
            try? descriptor.close()
            throw error
        }
    }

    deinit { try? descriptor.close() }

    /// Whether it is the very file that another is.
    func isSameFile(as other: LogFile) -> Bool { device == other.device && inode == other.inode }

    /// Whether the file still begins as it did: one that was emptied meanwhile does not.
    func isUntouched() throws(DriverError) -> Bool {
        try read(at: start, atMost: min(head.count, 256)).elementsEqual(head.prefix(256))
    }

    /// Reads some bytes as they stand on the disk.
    func read(at offset: UInt64, atMost count: Int) throws(DriverError) -> [UInt8] {
        try Self.read(descriptor, path, at: offset, atMost: count)
    }

    /// Reads some bytes as they stand on the disk, into a buffer.
    ///
    /// - Returns: How many; 0 at the end.
    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(DriverError) -> Int {
        do { return try unsafe descriptor.read(fromAbsoluteOffset: Int64(offset), into: buffer) } catch {
            throw DriverError(.logUnavailable, "cannot read HAProxy's log \(path): \(error)")
        }
    }

    /// The bytes of its content, decompressed; a compressed file is read for that.
    func contentLength() throws(DriverError) -> UInt64 {
        guard name.isCompressed else { return byteCount }
        let stream = try GzipFileStream(path, descriptor, size)
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        var length: UInt64 = 0
        while true {
            var span = piece.mutableSpan
            let count = try unsafe span.withUnsafeMutableBytes { buffer throws(DriverError) in
                try unsafe stream.read(into: buffer)
            }
            guard count > 0 else { return length - start }
            length += UInt64(count)
        }
    }

    private static func read(
        _ descriptor: FileDescriptor,
        _ path: FilePath,
        at offset: UInt64,
        atMost count: Int
    ) throws(DriverError) -> [UInt8] {
        do {
            return try unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                filled = try unsafe descriptor.read(
                    fromAbsoluteOffset: Int64(offset),
                    into: UnsafeMutableRawBufferPointer(buffer)
                )
            }
        } catch {
            throw DriverError(.logUnavailable, "cannot read HAProxy's log \(path): \(error)")
        }
    }

    /// The place of the first byte that is no NUL.
    private static func firstByte(
        _ descriptor: FileDescriptor,
        _ path: FilePath,
        _ size: UInt64
    ) throws(DriverError) -> UInt64 {
        // A hole is passed by without being read; a copy may have NULs in its place. (3 is SEEK_DATA.)
        let data = lseek(descriptor.rawValue, 0, 3)
        if data < 0, errno == ENXIO { return size }
        var offset = UInt64(max(0, data))
        while offset < size {
            let bytes = try read(descriptor, path, at: offset, atMost: Int(min(size - offset, 256 << 10)))
            if bytes.isEmpty { break }
            if let index = bytes.firstIndex(where: { $0 != 0 }) { return offset + UInt64(index) }
            offset += UInt64(bytes.count)
        }
        return size
    }

    private static func decompressedHead(
        _ path: FilePath,
        _ descriptor: FileDescriptor,
        _ size: UInt64
    ) throws(DriverError) -> (start: UInt64, head: [UInt8]) {
        let stream = try GzipFileStream(path, descriptor, size)
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        var start: UInt64 = 0
        var head: [UInt8] = []
        while head.count < headSize {
            var span = piece.mutableSpan
            let count = try unsafe span.withUnsafeMutableBytes { buffer throws(DriverError) in
                try unsafe stream.read(into: buffer)
            }
            guard count > 0 else { break }
            let first = head.isEmpty ? piece[..<count].firstIndex { $0 != 0 } ?? count : 0
            if head.isEmpty { start += UInt64(first) }
            head += piece[first..<count].prefix(headSize - head.count)
        }
        return (start, head)
    }
}
