// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardSystem
import SystemPackage

/// Writes an archive to a new file, compressed by the program gzip.
enum BundleFile {
    /// Why the file could not be written.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private static let compressionLimit = Duration.seconds(120)

    /// Writes the file, with the mode 600; blocks.
    ///
    /// - Throws: `Failure`; there is no file then, or the one that had the name.
    static func write(_ archive: [UInt8], to path: FilePath) throws(Failure) {
        let output = try open(path, .writeOnly)
        do {
            try output.closeAfter { try compress(archive, beside: path, to: output) }
        } catch {
            unsafe unlink(path.string)
            throw error as? Failure ?? Failure(description: "\(FileError("write", path, error))")
        }
    }

    private static func compress(_ archive: [UInt8], beside path: FilePath, to output: FileDescriptor) throws {
        let plainPath = FilePath(path.string + ".tar")
        let input = try open(plainPath, .readWrite)
        // It goes with its descriptor.
        unsafe unlink(plainPath.string)
        try input.closeAfter {
            _ = try input.writeAll(archive)
            try input.seek(offset: 0, from: .start)
            let gzip = try ChildProcess(ChildProcess.Command("gzip", ["-c"]), input: input, output: output)
            guard let status = gzip.waitForEnd(by: .after(compressionLimit)) else {
                gzip.kill()
                throw Failure(description: "gzip did not end within \(compressionLimit.components.seconds) s")
            }
            guard status.isSuccess else {
                throw Failure(description: "gzip could not write \(path): \(status); is the disk full?")
            }
        }
    }

    private static func open(_ path: FilePath, _ mode: FileDescriptor.AccessMode) throws(Failure) -> FileDescriptor {
        do {
            return try FileDescriptor.open(
                path,
                mode,
                options: [.create, .exclusiveCreate, .closeOnExec, .noFollow],
                permissions: .ownerReadWrite
            )
        } catch {
            if error as? Errno == .fileExists {
                throw Failure(description: "\(path) exists already; name another file")
            }
            throw Failure(description: "\(FileError("write", path, error))")
        }
    }
}
