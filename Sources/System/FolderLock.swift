// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
package import SystemPackage

/// An exclusive lock on a directory: two agents with one state directory would undo each other's changes.
///
/// The kernel releases the lock when the process ends. It belongs to the process, not to the descriptor like `flock`:
/// otherwise a child that has just been forked, and has not closed its inherited descriptors yet, would keep the lock
/// of a killed agent.
package struct FolderLock: ~Copyable {
    /// The locks of this process: the kernel grants a process a lock that it already holds.
    private static let held = Mutex<Set<FilePath>>([])

    private static var wholeFile: flock {
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        return lock
    }

    private let path: FilePath
    private let descriptor: FileDescriptor

    /// Acquires the lock.
    ///
    /// - Parameter folder: The directory; the lock is the file `lock` in it.
    /// - Returns: nil if another owner has the lock.
    /// - Throws: `FileError` if the file cannot be created or opened.
    package init?(_ folder: FilePath) throws(FileError) {
        let path = folder.appending("lock")
        // Checked first: closing a second descriptor of the file would release the lock.
        guard Self.held.withLock({ $0.insert(path).inserted }) else { return nil }
        guard let descriptor = try Self.lock(path) else { return nil }
        self.path = path
        self.descriptor = descriptor
    }

    /// Returns the process that has the lock; nil if none has it, or this one.
    ///
    /// - Throws: `FileError` if the file cannot be opened.
    package static func owner(of folder: FilePath) throws(FileError) -> Int32? {
        let path = folder.appending("lock")
        guard !held.withLock({ $0.contains(path) }) else { return nil }
        let descriptor = try OwnFile.open(path, .readOnly)
        defer { try? descriptor.close() }
        var lock = wholeFile
        guard unsafe fcntl(descriptor.rawValue, F_GETLK, &lock) == 0, lock.l_type != F_UNLCK else { return nil }
        return lock.l_pid
    }

    deinit {
        try? descriptor.close()
        _ = Self.held.withLock { [path] in $0.remove(path) }
    }

    private static func lock(_ path: FilePath) throws(FileError) -> FileDescriptor? {
        var isLocked = false
        defer { if !isLocked { _ = held.withLock { $0.remove(path) } } }
        let descriptor = try OwnFile.open(path, .readWrite, options: .create, permissions: .ownerReadWrite)
        var lock = wholeFile
        isLocked = unsafe fcntl(descriptor.rawValue, F_SETLK, &lock) == 0
        if !isLocked { try? descriptor.close() }
        return isLocked ? descriptor : nil
    }
}
