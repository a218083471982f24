// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage

/// Gives a folder to one process at a time: two agents with one state would undo each other's changes.
///
/// The kernel releases the lock when the process ends.
package struct FolderLock: ~Copyable {
    private let descriptor: FileDescriptor

    /// Takes the lock.
    ///
    /// - Parameter folder: The folder; the lock is the file `lock` in it.
    /// - Returns: nil if another process has it.
    /// - Throws: `FileError` if the file cannot be made or opened.
    package init?(_ folder: FilePath) throws(FileError) {
        let path = folder.appending("lock")
        descriptor = try OwnFile.open(path, .readWrite, options: .create, permissions: .ownerReadWrite)
        guard flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 else {
            try? descriptor.close()
            return nil
        }
    }

    deinit { try? descriptor.close() }
}
