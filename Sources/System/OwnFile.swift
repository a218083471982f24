// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage

/// Opens files that belong to the agent.
package enum OwnFile {
    /// Opens a regular file; follows no symbolic link, and rejects a FIFO or a socket without waiting for a peer.
    ///
    /// - Parameters:
    ///   - path: The path of the file.
    ///   - mode: The access mode. A file opened for writing must have no other hard link.
    ///   - options: More options; `.closeOnExec` is always set.
    ///   - permissions: The mode to set on the file; nil to keep its mode.
    /// - Returns: The descriptor, for the caller to close.
    /// - Throws: `FileError` if the file does not exist, is not regular, or belongs to a user other than the agent's or
    ///   root.
    package static func open(
        _ path: FilePath,
        _ mode: FileDescriptor.AccessMode,
        options: FileDescriptor.OpenOptions = [],
        permissions: FilePermissions? = nil
    ) throws(FileError) -> FileDescriptor {
        do {
            let descriptor = try FileDescriptor.open(
                path,
                mode,
                options: options.union([.closeOnExec, .noFollow, .nonBlocking]),
                permissions: permissions ?? .ownerReadWrite
            )
            do { try check(descriptor, isWritten: mode != .readOnly, permissions) } catch {
                try? descriptor.close()
                throw error
            }
            return descriptor
        } catch Errno.tooManySymbolicLinkLevels {
            throw FileError("open", path, problem: "it is a symbolic link; remove it")
        } catch Errno.noSuchAddressOrDevice {
            throw FileError("open", path, problem: "it is not a regular file; remove it")
        } catch let error as Problem {
            throw FileError("open", path, problem: error.text)
        } catch {
            throw FileError("open", path, error)
        }
    }

    private static func check(
        _ descriptor: FileDescriptor,
        isWritten: Bool,
        _ permissions: FilePermissions?
    ) throws {
        var file = stat()
        try AtomicFile.checked(unsafe fstat(descriptor.rawValue, &file))
        guard file.st_mode & S_IFMT == S_IFREG else { throw Problem(text: "it is not a regular file; remove it") }
        guard file.st_uid == geteuid() || file.st_uid == 0 else {
            throw Problem(text: "it belongs to user \(UserName.of(file.st_uid)), not to the agent; remove it")
        }
        guard !isWritten || file.st_nlink <= 1 else {
            throw Problem(text: "it has several hard links; remove the others")
        }
        if let permissions, file.st_uid == geteuid(), file.st_mode & 0o7777 != permissions.rawValue {
            try AtomicFile.checked(fchmod(descriptor.rawValue, permissions.rawValue))
        }
    }

    private struct Problem: Error {
        let text: String
    }
}
