// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// The error of a file operation.
package struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file.
    package let path: FilePath
    /// The system's error; `EACCES` if the agent rejects the file.
    package let reason: Errno
    /// The operation, the file and the cause.
    package let description: String

    package init(_ verb: String, _ path: FilePath, _ error: any Error) {
        self.path = path
        reason = error as? Errno ?? .ioError
        description = "cannot \(verb) \(path): \(reason)"
    }

    /// Creates an error for a file that the system accepts but the agent rejects.
    package init(_ verb: String, _ path: FilePath, problem: String) {
        self.path = path
        reason = .permissionDenied
        description = "cannot \(verb) \(path): \(problem)"
    }
}
