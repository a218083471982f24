// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Logging
package import SteelyardCore
import Synchronization
package import SystemPackage

/// A log and what has been rotated of it, as it was when it was opened.
///
/// Opening lists the files and finds the end of the log. Rotated files are opened, ordered and compared in ``prepare()``,
/// which may take long. What is logged between the two is not read.
package final class LogFileSet: OpenedLog {
    private let opened: LogFile?
    private let openedEnd: LogPlaces
    /// The rotated files that a DELETE takes.
    private let unheld: [LogFolder.Entry]
    private let start: LogPlaces?
    private let folder: LogFolder
    private let isDeleted: @Sendable () -> Bool
    private let classifier: any LogLineClassifier
    private let report: LogReport
    private let content = Mutex<LogContent?>(nil)

    package var leftOut: [LeftOutLog] { report.leftOut }
    package var byteCount: UInt64 { (try? prepared())?.byteCount ?? 0 }
    package var end: LogMark? { (try? prepared())?.end }

    /// Opens a log; one without a file has no lines.
    ///
    /// - Parameters:
    ///   - folder: Where its files are.
    ///   - start: Where it begins; nil for its oldest line.
    ///   - hold: A folder for second names of the rotated files, so that they can be read after they were removed; nil for
    ///     none.
    ///   - isDeleted: Whether a DELETE has begun to remove the log since it was opened.
    ///   - classifier: Knows the owners of lines.
    ///   - logger: Takes a warning for each file that cannot be read.
    /// - Throws: `DriverError` with the code `logUnavailable` if the log itself cannot be read.
    package init(
        in folder: LogFolder,
        from start: LogMark? = nil,
        hold: FilePath? = nil,
        isDeleted: @escaping @Sendable () -> Bool = { false },
        _ classifier: any LogLineClassifier,
        _ logger: Logger
    ) throws(DriverError) {
        self.folder = folder
        self.classifier = classifier
        self.isDeleted = isDeleted
        self.start = try start.map { mark throws(DriverError) in try LogPlaces(mark) }
        report = LogReport(logger, of: folder.log.string)
        do throws(LogFileError) {
            opened = try LogFile(folder.log, .current, in: folder, isShared: false)
            openedEnd = try LogPlaces(endOf: opened.map { [$0] } ?? [])
            unheld = try folder.hold(in: hold)
        } catch { throw error.driverError }
    }

    package func prepare() throws(DriverError) { _ = try prepared() }

    private func prepared() throws(DriverError) -> LogContent {
        try content.withLock { known throws(DriverError) in
            if let known { return known }
            do throws(LogFileError) {
                var (files, leftOut) = isDeleted() ? try folder.openHeld(with: opened, lost: unheld) : try folder.open()
                // A DELETE meanwhile may have removed any of them.
                if isDeleted() { (files, leftOut) = try folder.openHeld(with: opened, lost: unheld) }
                let content = try LogContent(files, upTo: openedEnd, from: start)
                report.add(leftOut + content.incomplete.map(\.leftOut))
                if content.hasLostLines {
                    let reason = "it was emptied or cut before the ARCHIVE had its turn, and there is no copy of it"
                    report.add([LogFileError(folder.log, reason).leftOut])
                }
                known = content
                return content
            } catch { throw error.driverError }
        }
    }

    package func makeReader(of parts: [LogPart]) throws(DriverError) -> any LogReader {
        let content = try prepared()
        let segments = try segments(of: parts, content)
        let splitter = LogLineSplitter(parts.map(\.metered), classifier)
        return LogFileReader(segments, of: content.files, splitter, folder, report)
    }

    /// A third of what is plain, and all of what is compressed already.
    package func byteEstimate(of part: LogPart) -> UInt64 {
        guard let content = try? prepared(), let segments = try? segments(of: [part], content) else {
            return byteCount / 3
        }
        return segments.reduce(0) { sum, segment in
            sum + (segment.file.isCompressed ? segment.file.size : UInt64(segment.range.count) / 3)
        }
    }

    private func segments(of parts: [LogPart], _ content: LogContent) throws(DriverError) -> [LogSegment] {
        var lower: [[UInt64]] = []
        var upper: [[UInt64]] = []
        for part in parts {
            lower.append(
                try part.after.map { mark throws(DriverError) in try begin(mark, content) } ?? content.start
                    ?? content.files.map { _ in 0 }
            )
            let end = try part.upTo.map { mark throws(DriverError) in try offsets(mark, content).offsets }
            upper.append(zip(end ?? content.limits, content.limits).map { min($0, $1) })
        }
        var segments: [LogSegment] = []
        for (index, file) in content.files.enumerated() {
            let limit = file.isCompressed ? UInt64.max : file.size
            let ranges = parts.indices.map { part in
                let first = min(max(lower[part][index], file.start), limit)
                return first..<max(first, min(upper[part][index], limit))
            }
            segments += LogSegment.make(file, ranges)
        }
        return segments
    }

    private func offsets(_ mark: LogMark, _ content: LogContent) throws(DriverError) -> LogOffsets {
        let places = try LogPlaces(mark)
        do throws(LogFileError) { return try places.offsets(in: content.files) } catch { throw error.driverError }
    }

    private func begin(_ mark: LogMark, _ content: LogContent) throws(DriverError) -> [UInt64] {
        let found = try offsets(mark, content)
        if !found.isComplete {
            report.logger.warning("the log was removed or emptied since the last archive; lines in between may be lost")
        }
        for path in found.shortened {
            report.logger.warning(
                "the log has lost lines that were archived, and maybe others; continuing after its last whole line",
                metadata: [LogKeys.file: "\(path)"]
            )
        }
        return zip(found.offsets, content.start ?? found.offsets).map { max($0, $1) }
    }
}
