// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Logging
package import SteelyardCore
import SystemPackage

/// A log and what has been rotated of it, as it was when it was opened.
package final class LogFileSet: OpenedLog {
    package let byteCount: UInt64
    package let end: LogMark?
    private let files: [LogFile]
    /// Where each file begins; nil for its first line.
    private let start: [UInt64]?
    private let folder: LogFolder
    private let classifier: any LogLineClassifier
    private let report: LogReport

    package var leftOut: [LeftOutLog] { report.leftOut }

    /// Opens a log; one without a file has no lines.
    ///
    /// - Parameters:
    ///   - folder: Where its files are.
    ///   - start: Where it begins; nil for its oldest line.
    ///   - classifier: Knows the owners of lines.
    ///   - logger: Takes a warning for each file that cannot be read.
    /// - Throws: `DriverError` with the code `logUnavailable` if the log itself cannot be read.
    package init(
        in folder: LogFolder,
        from start: LogMark? = nil,
        _ classifier: any LogLineClassifier,
        _ logger: Logger
    ) throws(DriverError) {
        self.folder = folder
        self.classifier = classifier
        let files: [LogFile]
        let places = try start.map { mark throws(DriverError) in try LogPlaces(mark) }
        do throws(LogFileError) {
            let (opened, leftOut) = try folder.open()
            files = opened
            report = LogReport(logger, of: folder.log.string, leftOut)
            end = try LogPlaces(endOf: files).mark
            self.start = try places?.offsets(in: files).offsets
        } catch { throw error.driverError }
        self.files = files
        byteCount = files.reduce(0) { $0 + $1.byteCount }
    }

    package func makeReader(of parts: [LogPart]) throws(DriverError) -> any LogReader {
        var lower: [[UInt64]] = []
        var upper: [[UInt64]] = []
        for part in parts {
            lower.append(
                try part.after.map { mark throws(DriverError) in try begin(mark) } ?? start ?? files.map { _ in 0 }
            )
            upper.append(
                try part.upTo.map { mark throws(DriverError) in try offsets(mark).offsets } ?? files.map { _ in .max }
            )
        }
        var segments: [LogSegment] = []
        for (index, file) in files.enumerated() {
            let limit = file.isCompressed ? UInt64.max : file.size
            let ranges = parts.indices.map { part in
                let first = min(max(lower[part][index], file.start), limit)
                return first..<max(first, min(upper[part][index], limit))
            }
            segments += LogSegment.make(file, ranges)
        }
        let splitter = LogLineSplitter(parts.map(\.metered), classifier)
        return LogFileReader(segments, of: files, splitter, folder, report)
    }

    private func offsets(_ mark: LogMark) throws(DriverError) -> LogOffsets {
        let places = try LogPlaces(mark)
        do throws(LogFileError) { return try places.offsets(in: files) } catch { throw error.driverError }
    }

    private func begin(_ mark: LogMark) throws(DriverError) -> [UInt64] {
        let found = try offsets(mark)
        if !found.isComplete {
            report.logger.warning("the log was removed or emptied since the last archive; lines in between may be lost")
        }
        for path in found.shortened {
            report.logger.warning(
                "the log has lost lines that were archived, and maybe others; continuing after its last whole line",
                metadata: [LogKeys.file: "\(path)"]
            )
        }
        return zip(found.offsets, start ?? found.offsets).map { max($0, $1) }
    }
}
