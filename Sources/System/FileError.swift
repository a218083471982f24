// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import SystemPackage

/// Says what could not be done with a file.
public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file.
    public let path: FilePath
    /// The system's reason.
    public let reason: Errno
    private let verb: String

    init(_ verb: String, _ path: FilePath, _ error: any Error) {
        self.verb = verb
        self.path = path
        reason = error as? Errno ?? .ioError
    }

    /// What could not be done with which file, and why.
    public var description: String { "cannot \(verb) \(path): \(reason)" }
}
