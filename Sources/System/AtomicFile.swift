// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
public import SystemPackage

/// Writes files that are either the old or the new ones, whatever happens in between.
public enum AtomicFile {
    /// Replaces a file: written beside, flushed to the disk, renamed, and the folder flushed.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - bytes: Its new content.
    ///   - permissions: Who may read it; others never could, not even of the file beside.
    /// - Throws: `FileError`; the old file is then untouched.
    public static func write(
        _ bytes: [UInt8],
        to path: FilePath,
        permissions: FilePermissions = .ownerReadWrite
    )
        throws(FileError)
    {
        try PreparedFile(bytes, for: path, permissions: permissions).commit()
    }

    /// Reads a whole file.
    ///
    /// - Returns: nil where there is none.
    /// - Throws: `FileError` where it cannot be read, or where it is larger than the limit.
    public static func read(_ path: FilePath, atMost limit: Int = 256 << 20) throws(FileError) -> [UInt8]? {
        do {
            let descriptor = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec])
            return try descriptor.closeAfter {
                let size = try Int(descriptor.seek(offset: 0, from: .end))
                guard size <= limit else { throw Errno.fileTooLarge }
                var bytes = [UInt8](repeating: 0, count: size)
                let count = try unsafe bytes.withUnsafeMutableBytes { buffer in
                    var filled = 0
                    while filled < size {
                        let count = try unsafe descriptor.read(
                            fromAbsoluteOffset: Int64(filled),
                            into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                        )
                        guard count > 0 else { break }
                        filled += count
                    }
                    return filled
                }
                return Array(bytes.prefix(count))
            }
        } catch {
            if error as? Errno == .noSuchFileOrDirectory { return nil }
            throw FileError("read", path, error)
        }
    }

    /// Reads a file that has no size of its own, such as those of /proc, to its end.
    ///
    /// - Throws: `FileError` where it cannot be read.
    public static func readStream(_ path: FilePath) throws(FileError) -> [UInt8] {
        do {
            let descriptor = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec])
            return try descriptor.closeAfter {
                var bytes: [UInt8] = []
                var block = [UInt8](repeating: 0, count: 16_384)
                while true {
                    let count = try unsafe block.withUnsafeMutableBytes { try unsafe descriptor.read(into: $0) }
                    guard count > 0 else { return bytes }
                    bytes.append(contentsOf: block.prefix(count))
                }
            }
        } catch {
            throw FileError("read", path, error)
        }
    }

    /// Gives a file a second name, in place of the file that had it; where there is no file, there is nothing to do.
    ///
    /// - Throws: `FileError`; the other file is then untouched.
    public static func link(_ path: FilePath, to other: FilePath) throws(FileError) {
        let beside = FilePath(other.string + ".new")
        do {
            unsafe unlink(beside.string)
            try checked(unsafe Glibc.link(path.string, beside.string))
            try checked(unsafe rename(beside.string, other.string))
            // Where both are one file already, that is left to be done.
            unsafe unlink(beside.string)
        } catch {
            if error as? Errno == .noSuchFileOrDirectory { return }
            throw FileError("write", other, error)
        }
    }

    /// Removes a file; one that is not there is as good as removed.
    ///
    /// - Parameter isFlushed: Whether that is to be on the disk when this returns.
    /// - Throws: `FileError` where it cannot be removed.
    public static func remove(_ path: FilePath, isFlushed: Bool = true) throws(FileError) {
        do {
            try checked(unsafe unlink(path.string))
            if isFlushed { try flushFolder(of: path) }
        } catch {
            if error as? Errno == .noSuchFileOrDirectory { return }
            throw FileError("remove", path, error)
        }
    }

    /// Makes a folder, and those above it, for the owner alone; one that is there stays as it is.
    ///
    /// - Throws: `FileError` where that cannot be done, or where something else has the name.
    public static func makeFolder(_ path: FilePath) throws(FileError) {
        var information = stat()
        if unsafe stat(path.string, &information) == 0 {
            guard information.st_mode & S_IFMT == S_IFDIR else {
                throw FileError("use as a folder", path, Errno.notDirectory)
            }
            return
        }
        let parent = path.removingLastComponent()
        if !parent.isEmpty, parent != path { try makeFolder(parent) }
        guard unsafe mkdir(path.string, 0o700) == 0 || errno == EEXIST else {
            throw FileError("make the folder", path, Errno(rawValue: errno))
        }
    }

    static func flushFolder(of path: FilePath) throws {
        let parent = path.removingLastComponent()
        let folder = try FileDescriptor.open(parent.isEmpty ? "." : parent, .readOnly, options: [.closeOnExec])
        try folder.closeAfter { try checked(fsync(folder.rawValue)) }
    }

    static func checked(_ result: Int32) throws {
        guard result == 0 else { throw Errno(rawValue: errno) }
    }
}
