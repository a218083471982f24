// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage

/// Room on the disk that is kept for the next content of a file, so that it can be replaced on a full disk, too.
///
/// It is a file of its own, with the other's name and the ending `.spare`.
package struct SpareRoom {
    private let spare: FilePath

    /// - Parameter path: The file that is to be replaced some day.
    package init(for path: FilePath) { spare = FilePath(path.string + ".spare") }

    /// The file of the room.
    package var path: FilePath { spare }

    /// Keeps at least this much room; where there is none, nothing changes.
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
        // By twice as much, so that a file that grows seldom needs another.
        if posix_fallocate(descriptor, 0, off_t(2 * size)) != 0 { unsafe unlink(spare.string) }
    }

    /// Gives the room another name.
    ///
    /// - Returns: The file, opened for writing; nil where no room was kept.
    func take(as path: FilePath) throws -> FileDescriptor? {
        unsafe unlink(path.string)
        guard unsafe rename(spare.string, path.string) == 0 else { return nil }
        return try OwnFile.open(path, .writeOnly)
    }
}
