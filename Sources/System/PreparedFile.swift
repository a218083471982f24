// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
public import SystemPackage

/// A file that is written beside the one that it is to replace: what can fail has not, before anything counts.
///
/// Unless it takes the other's place, nothing is left of it.
public struct PreparedFile: ~Copyable {
    private let path: FilePath
    private let beside: FilePath

    /// Writes the file beside.
    ///
    /// - Parameters:
    ///   - bytes: The new content.
    ///   - path: The file that is to be replaced.
    ///   - permissions: Who may read it.
    ///   - isFlushed: Whether it is to be on the disk before it takes the other's place. Without, a crash of the
    ///     machine may leave an empty file: for one that can be made again.
    /// - Throws: `FileError`.
    public init(
        _ bytes: [UInt8],
        for path: FilePath,
        permissions: FilePermissions = .ownerReadWrite,
        isFlushed: Bool = true
    ) throws(FileError) {
        self.path = path
        beside = FilePath(path.string + ".new")
        do {
            let descriptor = try FileDescriptor.open(
                beside,
                .writeOnly,
                options: [.create, .truncate, .closeOnExec, .noFollow],
                permissions: permissions
            )
            try descriptor.closeAfter {
                _ = try descriptor.writeAll(bytes)
                if isFlushed { try AtomicFile.checked(fsync(descriptor.rawValue)) }
            }
        } catch {
            unsafe unlink(beside.string)
            throw FileError("write", path, error)
        }
    }

    deinit { unsafe unlink(beside.string) }

    /// Replaces the other file.
    ///
    /// - Parameter isFlushed: Whether the change is to be on the disk when this returns.
    /// - Throws: `FileError`.
    public consuming func commit(isFlushed: Bool = true) throws(FileError) {
        do {
            try AtomicFile.checked(unsafe rename(beside.string, path.string))
            if isFlushed { try AtomicFile.flushFolder(of: path) }
        } catch {
            throw FileError("write", path, error)
        }
    }
}
