// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage

/// The room on the file system of a folder.
package struct DiskSpace: Hashable, Sendable {
    /// The bytes that the agent's user can still write.
    package let freeBytes: UInt64
    /// All bytes of the file system.
    package let totalBytes: UInt64

    /// Asks the file system.
    ///
    /// - Returns: nil if there is no such folder, or if it cannot be examined.
    package init?(of folder: FilePath) {
        var information = statvfs()
        guard unsafe statvfs(folder.string, &information) == 0 else { return nil }
        let size = UInt64(information.f_frsize)
        freeBytes = size.multipliedReportingOverflow(by: UInt64(information.f_bavail)).partialValue
        totalBytes = size.multipliedReportingOverflow(by: UInt64(information.f_blocks)).partialValue
    }
}
