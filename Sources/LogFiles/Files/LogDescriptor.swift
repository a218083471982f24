// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardSystem
import SystemPackage

/// An open log file; closed with the last reference.
final class LogDescriptor: Sendable {
    let path: FilePath
    let descriptor: FileDescriptor
    let status: FileStatus

    /// The identity, size and modification time of a file, from fstat(2).
    struct FileStatus: Hashable, Sendable {
        let device: UInt64
        let inode: UInt64
        let size: UInt64
        /// The modification time, in nanoseconds since 1970.
        let modified: Int64

        init(_ information: stat) {
            device = UInt64(information.st_dev)
            inode = UInt64(information.st_ino)
            size = UInt64(max(0, information.st_size))
            let (seconds, isTooLarge) = Int64(information.st_mtim.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
            modified = isTooLarge ? .max : seconds &+ Int64(information.st_mtim.tv_nsec)
        }

        /// Returns whether both describe the same inode, even if it has been written since.
        func isSameFile(as other: Self) -> Bool { device == other.device && inode == other.inode }
    }

    /// Opens a regular file; rejects a FIFO or a device without waiting for a peer.
    ///
    /// - Parameter isLocked: Whether to take a shared lock, which excludes the agent's rotation.
    /// - Throws: `LogFileError`.
    init(_ path: FilePath, isLocked: Bool = false) throws(LogFileError) {
        self.path = path
        // Checked before opening: opening some devices has side effects.
        guard let before = try Self.status(path), before.st_mode & S_IFMT == S_IFREG else {
            throw LogFileError(path, LogFileError.notRegular)
        }
        do { descriptor = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking]) } catch {
            throw LogFileError(path, error)
        }
        var information = stat()
        guard unsafe fstat(descriptor.rawValue, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
            try? descriptor.close()
            throw LogFileError(path, LogFileError.notRegular)
        }
        if isLocked {
            _ = SparseFile.lock(descriptor, isExclusive: false, waits: true)
            unsafe fstat(descriptor.rawValue, &information)
        }
        status = FileStatus(information)
    }

    deinit { try? descriptor.close() }

    /// Reads bytes as stored on disk, without decompression.
    func read(at offset: UInt64, atMost count: Int) throws(LogFileError) -> [UInt8] {
        do { return try SparseFile.read(descriptor, at: offset, atMost: count) } catch {
            throw LogFileError(path, error)
        }
    }

    /// Reads bytes as stored on disk into a buffer.
    ///
    /// - Returns: The number of bytes; 0 at the end.
    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(LogFileError) -> Int {
        do { return try unsafe descriptor.read(fromAbsoluteOffset: Int64(clamping: offset), into: buffer) } catch {
            throw LogFileError(path, error)
        }
    }

    private static func status(_ path: FilePath) throws(LogFileError) -> stat? {
        var information = stat()
        guard unsafe stat(path.string, &information) == 0 else { throw LogFileError(path, Errno(rawValue: errno)) }
        return information
    }
}
