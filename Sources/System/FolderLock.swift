// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
public import SystemPackage

/// Keeps a folder to one process: two agents on one state would undo each other's changes.
///
/// The kernel lets go of the lock when the process ends, however it ends.
public struct FolderLock: ~Copyable {
    private let descriptor: FileDescriptor

    /// Takes the lock.
    ///
    /// - Parameter folder: The folder; the lock is the file `lock` in it.
    /// - Returns: nil where another process has it.
    /// - Throws: `FileError` where the file cannot be made.
    public init?(_ folder: FilePath) throws(FileError) {
        let path = folder.appending("lock")
        do {
            descriptor = try FileDescriptor.open(
                path,
                .readWrite,
                options: [.create, .closeOnExec, .noFollow],
                permissions: .ownerReadWrite
            )
        } catch {
            throw FileError("lock", path, error)
        }
        guard flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 else {
            try? descriptor.close()
            return nil
        }
    }

    deinit { try? descriptor.close() }
}
