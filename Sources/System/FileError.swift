// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// Says what could not be done with a file.
package struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file.
    package let path: FilePath
    /// The system's reason; `EACCES` if the agent refuses the file.
    package let reason: Errno
    /// What could not be done with which file, and why.
    package let description: String

    package init(_ verb: String, _ path: FilePath, _ error: any Error) {
        self.path = path
        reason = error as? Errno ?? .ioError
        description = "cannot \(verb) \(path): \(reason)"
    }

    /// Creates an error for a file that the system would accept, and the agent does not.
    package init(_ verb: String, _ path: FilePath, problem: String) {
        self.path = path
        reason = .permissionDenied
        description = "cannot \(verb) \(path): \(problem)"
    }
}
