// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import SteelyardCore

/// nginx's access logs, one for each protocol, with the size that they had when they were opened.
struct AccessLogs: OpenedLog {
    private let files: [ProxyKind: OpenFile]
    let byteCount: UInt64
    let leftOut: [LeftOutLog]

    /// Opens the logs; one that does not exist is empty.
    ///
    /// - Throws: `DriverError` with the code `logUnavailable`.
    init(_ directory: NginxDirectory) throws(DriverError) {
        var files: [ProxyKind: OpenFile] = [:]
        for kind in ProxyKind.allCases { files[kind] = try OpenFile(directory.file("\(kind.rawValue).log")) }
        self.files = files
        byteCount = files.values.reduce(0) { $0 + $1.byteCount }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        leftOut = names.filter { $0.hasPrefix("http.log.") || $0.hasPrefix("tcp.log.") }.sorted().map {
            LeftOutLog(file: directory.file($0), reason: "rotated, and this driver reads only the current logs")
        }
    }

    func makeReader(of parts: [LogPart]) throws(DriverError) -> any LogReader {
        AccessLogReader(parts.map { files[$0.proxyKind] })
    }

    /// A file that remains readable after its removal.
    final class OpenFile: Sendable {
        let byteCount: UInt64
        private let descriptor: Int32
        private let path: String

        /// - Returns: nil if the file does not exist.
        init?(_ path: String) throws(DriverError) {
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 || errno != ENOENT else { return nil }
            var entry = stat()
            guard descriptor >= 0, fstat(descriptor, &entry) == 0 else { throw Self.failure(path) }
            self.path = path
            self.descriptor = descriptor
            byteCount = UInt64(clamping: entry.st_size)
        }

        deinit { close(descriptor) }

        /// Reads at most a megabyte.
        func read(at offset: UInt64) throws(DriverError) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: Int(min(1 << 20, byteCount - offset)))
            let count = pread(descriptor, &bytes, bytes.count, off_t(offset))
            guard count >= 0 else { throw Self.failure(path) }
            return Array(bytes[..<count])
        }

        private static func failure(_ path: String) -> DriverError {
            DriverError(.logUnavailable, "\(path) cannot be read: \(SystemError.text(errno))")
        }
    }
}
