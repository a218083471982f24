// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore
package import SystemPackage

/// The error of a log file that cannot be read.
package struct LogFileError: Error, Hashable, Sendable {
    /// The file.
    package let path: FilePath
    /// The cause and the remedy: one sentence without a full stop.
    package let reason: String
    /// Whether the file does not exist.
    package let isMissing: Bool
    /// Whether the agent lacks a resource, so that reading other files would fail too.
    package let isShortage: Bool
    /// Whether the compressed data ends early.
    let isTruncated: Bool

    init(_ path: FilePath, _ reason: String, isMissing: Bool = false, isTruncated: Bool = false) {
        self.path = path
        self.reason = reason
        self.isMissing = isMissing
        self.isTruncated = isTruncated
        isShortage = false
    }

    init(_ path: FilePath, _ error: any Error) {
        self.path = path
        let reason = error as? Errno ?? .ioError
        isMissing = reason == .noSuchFileOrDirectory
        isTruncated = false
        isShortage = [.tooManyOpenFiles, .tooManyOpenFilesInSystem, .noMemory].contains(reason)
        switch reason {
        case .permissionDenied, .notPermitted:
            self.reason = "permission denied; give the agent's user the right to read it"
        case .noSuchAddressOrDevice: self.reason = Self.notRegular
        default: self.reason = "\(reason)"
        }
    }

    static let notRegular = "not a regular file; move it to another directory"

    /// The error if the current log cannot be read.
    package var driverError: DriverError {
        DriverError(.logUnavailable, "cannot read log file \(path): \(reason)")
    }

    /// The entry of a file that is left out.
    var leftOut: LeftOutLog { LeftOutLog(file: path.string, reason: reason) }
}
