// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage

/// Replaces files atomically: after a crash, a file has its old or its new content.
package enum AtomicFile {
    /// Replaces a file: writes, flushes and renames a new file, and flushes the directory.
    ///
    /// - Parameters:
    ///   - path: The path of the file.
    ///   - bytes: The new content.
    ///   - permissions: The mode of the new file, from its creation on.
    /// - Throws: `FileError`; the old file is then unchanged.
    package static func write(
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
    /// - Parameters:
    ///   - path: The path of the file.
    ///   - limit: The largest size accepted, in bytes.
    ///   - isOwn: Whether it is a file of the agent, opened as by ``OwnFile``; otherwise symbolic links are followed,
    ///     and the file may belong to any user and may be a pipe.
    /// - Returns: nil if the file does not exist.
    /// - Throws: `FileError` if it cannot be read, or is larger than the limit.
    package static func read(
        _ path: FilePath,
        atMost limit: Int = 256 << 20,
        isOwn: Bool = true
    ) throws(FileError) -> [UInt8]? {
        do {
            let descriptor =
                try isOwn
                ? OwnFile.open(path, .readOnly)
                : FileDescriptor.open(path, .readOnly, options: [.closeOnExec])
            return try descriptor.closeAfter {
                if !isOwn, try !isRegular(descriptor) { return try readToEnd(of: descriptor, atMost: limit) }
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
            let error = error as? FileError ?? FileError("read", path, error)
            if error.reason == .noSuchFileOrDirectory { return nil }
            throw error
        }
    }

    /// Reads a file of unknown size, such as those in /proc, to its end.
    ///
    /// - Throws: `FileError` if it cannot be read.
    package static func readStream(_ path: FilePath) throws(FileError) -> [UInt8] {
        do {
            let descriptor = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec])
            return try descriptor.closeAfter { try readToEnd(of: descriptor) }
        } catch {
            throw FileError("read", path, error)
        }
    }

    private static func readToEnd(of descriptor: FileDescriptor, atMost limit: Int = .max) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = try unsafe block.withUnsafeMutableBytes { try unsafe descriptor.read(into: $0) }
            guard count > 0 else { return bytes }
            guard bytes.count + count <= limit else { throw Errno.fileTooLarge }
            bytes.append(contentsOf: block.prefix(count))
        }
    }

    private static func isRegular(_ descriptor: FileDescriptor) throws -> Bool {
        var information = stat()
        try checked(unsafe fstat(descriptor.rawValue, &information))
        return information.st_mode & S_IFMT == S_IFREG
    }

    /// Creates a hard link to a file, which replaces any file of that name; does nothing if the file does not exist.
    ///
    /// - Throws: `FileError`; the other file is then unchanged.
    package static func link(_ path: FilePath, to other: FilePath) throws(FileError) {
        let newPath = FilePath(other.string + ".new")
        do {
            unsafe unlink(newPath.string)
            try checked(unsafe Glibc.link(path.string, newPath.string))
            try checked(unsafe Glibc.rename(newPath.string, other.string))
            // rename() keeps both names if they already link to the same file.
            unsafe unlink(newPath.string)
        } catch {
            if error as? Errno == .noSuchFileOrDirectory { return }
            throw FileError("write", other, error)
        }
    }

    /// Renames a file and flushes the directory.
    ///
    /// - Throws: `FileError` if it cannot be renamed.
    package static func rename(_ path: FilePath, to other: FilePath) throws(FileError) {
        do {
            try checked(unsafe Glibc.rename(path.string, other.string))
            try flushFolder(of: other)
        } catch { throw FileError("rename", path, error) }
    }

    /// Returns the names of all entries of a directory; none if the directory does not exist.
    ///
    /// - Throws: `FileError` if it cannot be listed.
    package static func names(in folder: FilePath) throws(FileError) -> [String] {
        guard let stream = unsafe opendir(folder.isEmpty ? "." : folder.string) else {
            if errno == ENOENT { return [] }
            throw FileError("list", folder, Errno(rawValue: errno))
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Renames a file to the suffix `.foreign`, which replaces an older file of that name.
    ///
    /// - Returns: The new name.
    /// - Throws: `FileError` if it cannot be renamed.
    @discardableResult
    package static func setAside(_ path: FilePath) throws(FileError) -> FilePath {
        let other = FilePath(path.string + ".foreign")
        guard unsafe Glibc.rename(path.string, other.string) == 0 else {
            throw FileError("rename", path, Errno(rawValue: errno))
        }
        return other
    }

    /// Removes a file; does nothing if it does not exist.
    ///
    /// - Parameter isFlushed: Whether to flush the removal to disk before returning.
    /// - Throws: `FileError` if it cannot be removed.
    package static func remove(_ path: FilePath, isFlushed: Bool = true) throws(FileError) {
        do {
            try checked(unsafe unlink(path.string))
            if isFlushed { try flushFolder(of: path) }
        } catch {
            if error as? Errno == .noSuchFileOrDirectory { return }
            throw FileError("remove", path, error)
        }
    }

    /// Creates a directory with mode 700, and its parents; an existing directory keeps its mode.
    ///
    /// - Throws: `FileError` if it cannot be created, or if the name belongs to another kind of file.
    package static func makeFolder(_ path: FilePath) throws(FileError) {
        var information = stat()
        if unsafe stat(path.string, &information) == 0 {
            guard information.st_mode & S_IFMT == S_IFDIR else {
                throw FileError("use as a directory", path, Errno.notDirectory)
            }
            return
        }
        let parent = path.removingLastComponent()
        if !parent.isEmpty, parent != path { try makeFolder(parent) }
        do {
            guard unsafe mkdir(path.string, 0o700) == 0 else {
                if errno == EEXIST { return }
                throw Errno(rawValue: errno)
            }
            // The umask may have removed permissions that the agent needs.
            let folder = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .directory, .noFollow])
            try folder.closeAfter { try checked(fchmod(folder.rawValue, 0o700)) }
        } catch { throw FileError("create the directory", path, error) }
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
