// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// The identity of a regular file.
struct FileIdentity: Hashable {
    private let device: UInt64
    private let inode: UInt64

    /// - Returns: nil if there is no regular file of this name; symbolic links are not followed.
    init?(_ path: FilePath) {
        var information = stat()
        guard unsafe lstat(path.string, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { return nil }
        device = UInt64(information.st_dev)
        inode = UInt64(information.st_ino)
    }
}
