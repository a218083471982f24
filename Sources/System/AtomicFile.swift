// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage

/// Replaces files: after a crash, a file has its old or its new content.
package enum AtomicFile {
    /// Replaces a file: a new file is written, flushed to the disk and renamed, and the folder is flushed.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - bytes: Its new content.
    ///   - permissions: The mode that the new file has from its creation on.
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
    ///   - path: The file.
    ///   - limit: The most bytes that it may have.
    ///   - isOwn: Whether it is a file of the agent, which is opened as ``OwnFile`` does; otherwise symbolic links are
    ///     followed, and the file may belong to any user and may be a pipe.
    /// - Returns: nil if there is no file.
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

    /// Reads a file whose size is not known, such as those of /proc, to its end.
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

    /// Gives a file a second name, which replaces the file that had it; does nothing if there is no file.
    ///
    /// - Throws: `FileError`; the other file is then unchanged.
    package static func link(_ path: FilePath, to other: FilePath) throws(FileError) {
        let newPath = FilePath(other.string + ".new")
        do {
            unsafe unlink(newPath.string)
            try checked(unsafe Glibc.link(path.string, newPath.string))
            try checked(unsafe Glibc.rename(newPath.string, other.string))
            // rename() leaves both names if they are already names of one file.
            unsafe unlink(newPath.string)
        } catch {
            if error as? Errno == .noSuchFileOrDirectory { return }
            throw FileError("write", other, error)
        }
    }

    /// Gives a file another name, and flushes the folder to the disk.
    ///
    /// - Throws: `FileError` if it cannot be renamed.
    package static func rename(_ path: FilePath, to other: FilePath) throws(FileError) {
        do {
            try checked(unsafe Glibc.rename(path.string, other.string))
            try flushFolder(of: other)
        } catch { throw FileError("rename", path, error) }
    }

    /// The names of everything in a folder; none if there is no folder.
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

    /// Gives a file the ending `.foreign`, which replaces an older file of that name.
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

    /// Removes a file; does nothing if there is no file.
    ///
    /// - Parameter isFlushed: Whether the removal is on the disk when this returns.
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

    /// Makes a folder with mode 700, and the folders above it; an existing folder keeps its mode.
    ///
    /// - Throws: `FileError` if it cannot be made, or if the name belongs to something else.
    package static func makeFolder(_ path: FilePath) throws(FileError) {
        var information = stat()
        if unsafe stat(path.string, &information) == 0 {
            guard information.st_mode & S_IFMT == S_IFDIR else {
                throw FileError("use as a folder", path, Errno.notDirectory)
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
            // The process's mask may have taken away what the agent needs.
            let folder = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .directory, .noFollow])
            try folder.closeAfter { try checked(fchmod(folder.rawValue, 0o700)) }
        } catch { throw FileError("make the folder", path, error) }
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
