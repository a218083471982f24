// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SystemPackage

/// The log and what has been rotated of it, as it was when it was opened.
final class HAProxyLog: OpenedLog {
    let byteCount: UInt64
    let end: LogMark?
    private let files: [LogFile]
    /// Where each file begins; nil for its first line.
    private let start: [UInt64]?
    private let folder: LogFolder
    private let logger: Logger

    /// Opens the log; one that is not there has no lines.
    ///
    /// - Parameter start: Where it begins; nil for its oldest line.
    /// - Throws: `DriverError` with the code `logUnavailable` if it cannot be read.
    init(_ path: FilePath, start: LogMark? = nil, _ logger: Logger) throws(DriverError) {
        folder = LogFolder(of: path, logger)
        let files = try folder.open()
        self.files = files
        byteCount = files.reduce(0) { $0 + $1.byteCount }
        end = try LogPlaces(endOf: files).mark
        self.logger = logger
        self.start = try start.map { mark throws(DriverError) in try LogPlaces(mark).offsets(in: files).offsets }
    }

    func makeReader(of parts: [LogPart]) throws(DriverError) -> any LogReader {
        var lower: [[UInt64]] = []
        var upper: [[UInt64]] = []
        for part in parts {
            lower.append(
                try part.after.map { mark throws(DriverError) in try begin(mark) } ?? start ?? files.map { _ in 0 }
            )
            upper.append(
                try part.upTo.map { mark throws(DriverError) in try LogPlaces(mark).offsets(in: files).offsets }
                    ?? files.map { _ in .max }
            )
        }
        var segments: [LogSegment] = []
        for (index, file) in files.enumerated() {
            let limit = file.name.isCompressed ? UInt64.max : file.size
            let ranges = parts.indices.map { part in
                let first = min(max(lower[part][index], file.start), limit)
                return first..<max(first, min(upper[part][index], limit))
            }
            segments += LogSegment.make(file, ranges)
        }
        return HAProxyLogReader(segments, of: files, parts.map(\.metered), folder, logger)
    }

    private func begin(_ mark: LogMark) throws(DriverError) -> [UInt64] {
        let (offsets, isComplete) = try LogPlaces(mark).offsets(in: files)
        if !isComplete {
            logger.warning("the log was removed or emptied since the last archive; lines in between may be lost")
        }
        return zip(offsets, start ?? offsets).map { max($0, $1) }
    }
}
