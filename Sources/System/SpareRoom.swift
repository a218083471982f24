// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage

/// Disk space reserved for the next content of a file, so that the file can be replaced even if the disk is full.
///
/// The space is a separate file, with the other's name and the suffix `.spare`.
package struct SpareRoom {
    private let spare: FilePath

    /// - Parameter path: The file to be replaced later.
    package init(for path: FilePath) { spare = FilePath(path.string + ".spare") }

    /// The path of the reserved space.
    package var path: FilePath { spare }

    /// Reserves at least this much space; does nothing if the disk is full.
    ///
    /// - Parameter size: In bytes.
    package func keep(_ size: Int) {
        var information = stat()
        if unsafe lstat(spare.string, &information) == 0, information.st_mode & S_IFMT == S_IFREG,
            information.st_size >= size
        {
            return
        }
        unsafe unlink(spare.string)
        let descriptor = unsafe open(spare.string, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // Twice the size, so that a growing file rarely needs a new reservation.
        if posix_fallocate(descriptor, 0, off_t(2 * size)) != 0 { unsafe unlink(spare.string) }
    }

    /// Renames the reserved space.
    ///
    /// - Returns: The file, opened for writing; nil if no space was reserved.
    func take(as path: FilePath) throws -> FileDescriptor? {
        unsafe unlink(path.string)
        guard unsafe rename(spare.string, path.string) == 0 else { return nil }
        return try OwnFile.open(path, .writeOnly)
    }
}
