// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// A file error with its path and cause.
struct FileError: Error, CustomStringConvertible {
    let description: String

    init(_ path: String, _ problem: String) { description = "\(path) \(problem): \(SystemError.text(errno))" }
}

/// Reads and atomically replaces files.
enum WholeFile {
    /// Reads a file.
    ///
    /// - Returns: nil if it does not exist.
    static func read(_ path: String) throws(FileError) -> [UInt8]? {
        guard access(path, F_OK) == 0 || errno != ENOENT else { return nil }
        guard let data = try? Data(contentsOf: URL(filePath: path)) else { throw FileError(path, "cannot be read") }
        return Array(data)
    }

    /// Replaces a file atomically and durably: after any error, it has its old content.
    static func replace(_ path: String, with bytes: [UInt8]) throws(FileError) {
        let temporary = path + ".new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileError(temporary, "cannot be created") }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { break }
            written += max(0, count)
        }
        let isComplete = written == bytes.count && fsync(descriptor) == 0
        close(descriptor)
        guard isComplete, rename(temporary, path) == 0 else {
            let error = FileError(path, "cannot be written")
            unlink(temporary)
            throw error
        }
        let folder = open(URL(filePath: path).deletingLastPathComponent().path(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }
}
