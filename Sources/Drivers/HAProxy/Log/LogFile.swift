// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import LogFiles
import SteelyardCore
import SteelyardSystem
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
    /// HAProxy continues at its old offset in a file that was emptied or rotated: before the content are NULs.
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
            _ = SparseFile.lock(descriptor, isExclusive: false, waits: true)
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
                let descriptor = descriptor
                let content = try Self.reading(path) { try SparseFile.content(of: descriptor) }
                start = min(size, content?.lowerBound ?? size)
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
        try Self.reading(path) { try unsafe descriptor.read(fromAbsoluteOffset: Int64(offset), into: buffer) }
    }

    /// The offset after the last whole line of a file that is not compressed; 0 if there is none.
    func endOfLines() throws(DriverError) -> UInt64 {
        try Self.reading(path) { try SparseFile.endOfLines(descriptor, in: start..<size) } ?? 0
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
        try reading(path) { try SparseFile.read(descriptor, at: offset, atMost: count) }
    }

    private static func reading<Result>(_ path: FilePath, _ body: () throws -> Result) throws(DriverError) -> Result {
        do { return try body() } catch {
            throw DriverError(.logUnavailable, "cannot read HAProxy's log \(path): \(error)")
        }
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
