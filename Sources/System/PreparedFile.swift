// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage

/// A new file to replace another: everything that can fail for lack of space or permission is done in advance.
///
/// It has the other's name with the suffix `.new`, and is removed unless it replaces the other.
package struct PreparedFile: ~Copyable {
    private let path: FilePath
    private let newPath: FilePath

    /// Writes the new file.
    ///
    /// - Parameters:
    ///   - bytes: The new content.
    ///   - path: The file to replace.
    ///   - permissions: The mode of the new file.
    ///   - isFlushed: Whether to flush it to disk before it replaces the other. If not, a crash of the machine may
    ///     leave an empty file.
    ///   - usesSpare: Whether to use the space reserved by ``SpareRoom`` if the disk is full.
    /// - Throws: `FileError`.
    package init(
        _ bytes: [UInt8],
        for path: FilePath,
        permissions: FilePermissions = .ownerReadWrite,
        isFlushed: Bool = true,
        usesSpare: Bool = false
    ) throws(FileError) {
        self.path = path
        newPath = FilePath(path.string + ".new")
        func write(to descriptor: FileDescriptor) throws {
            try descriptor.closeAfter {
                try AtomicFile.checked(fchmod(descriptor.rawValue, permissions.rawValue))
                _ = try descriptor.writeAll(toAbsoluteOffset: 0, bytes)
                try descriptor.resize(to: Int64(bytes.count))
                if isFlushed { try AtomicFile.checked(fsync(descriptor.rawValue)) }
            }
        }
        do {
            // Any file may have the name: an incomplete file from a crash, a link, a FIFO. It is not opened.
            unsafe unlink(newPath.string)
            do {
                let options: FileDescriptor.OpenOptions = [.create, .exclusiveCreate, .closeOnExec, .noFollow]
                try write(to: FileDescriptor.open(newPath, .writeOnly, options: options, permissions: permissions))
            } catch let error as Errno where usesSpare && [.noSpace, .diskQuotaExceeded].contains(error) {
                guard let spare = try SpareRoom(for: path).take(as: newPath) else { throw error }
                try write(to: spare)
            }
        } catch {
            unsafe unlink(newPath.string)
            throw FileError("write", path, error)
        }
    }

    deinit { unsafe unlink(newPath.string) }

    /// Replaces the other file.
    ///
    /// - Parameter isFlushed: Whether to flush the change to disk before returning.
    /// - Throws: `FileError`.
    package consuming func commit(isFlushed: Bool = true) throws(FileError) {
        do {
            try AtomicFile.checked(unsafe rename(newPath.string, path.string))
            if isFlushed { try AtomicFile.flushFolder(of: path) }
        } catch {
            throw FileError("write", path, error)
        }
    }
}
