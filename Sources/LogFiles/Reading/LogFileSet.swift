// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Logging
package import SteelyardCore
import Synchronization
package import SystemPackage

/// A log and its rotated files, as they were when the log was opened.
///
/// Opening lists the files and finds the end of the log. ``prepare()`` opens, orders and compares the rotated files,
/// which may take long. Lines logged between the two are not read.
package final class LogFileSet: OpenedLog {
    /// How often the log is opened if it is rotated meanwhile.
    private static let tries = 20

    private let opened: LogFile?
    private let openedEnd: LogPlaces
    /// The rotated files without a hard link, which a DELETE removes for good.
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

    /// Opens a log; a log without a file has no lines.
    ///
    /// - Parameters:
    ///   - folder: The directories of its files.
    ///   - start: The start of the log; nil for its oldest line.
    ///   - hold: A directory for hard links to the rotated files, so that they stay readable after removal; nil for
    ///     none.
    ///   - isDeleted: Whether a DELETE has started to remove the log since it was opened.
    ///   - classifier: Assigns lines to load balancers.
    ///   - logger: Logs a warning for each file that cannot be read.
    /// - Throws: `DriverError` with the code `logUnavailable` if the current log cannot be read.
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
            (opened, openedEnd) = try Self.openCurrent(in: folder)
            unheld = try folder.hold(in: hold)
        } catch { throw error.driverError }
    }

    /// Opens the current log and finds its end.
    ///
    /// A rotation is not waited for. If it frees the start of the log meanwhile, NULs may have been read as its head,
    /// by which the end could not be found again. The log is then opened once more.
    static func openCurrent(in folder: LogFolder) throws(LogFileError) -> (LogFile?, LogPlaces) {
        var attempt = 1
        while true {
            let file = try LogFile(folder.log, .current, in: folder, isShared: false)
            let end = try LogPlaces(endOf: file.map { [$0] } ?? [])
            let again = try LogFile(folder.log, .current, in: folder, isShared: false)
            let isUnchanged = file?.start == again?.start && (again?.head ?? []).starts(with: file?.head ?? [])
            if isUnchanged || attempt == tries { return (file, end) }
            attempt += 1
        }
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
                    let reason = "truncated while the ARCHIVE was queued, without a copy"
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
        let splitter = LogLineSplitter(parts, classifier)
        return LogFileReader(segments, of: content.files, splitter, folder, report)
    }

    /// Estimates a third of plain files, and all of compressed files.
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
            report.logger.warning("log removed or truncated since the last archive; lines in between may be lost")
        }
        for path in found.shortened {
            report.logger.warning(
                "log has lost lines, archived ones and maybe others; continuing after its last whole line",
                metadata: [LogKeys.file: "\(path)"]
            )
        }
        for path in found.uncertain {
            report.logger.warning(
                "log has several places like the end of the last archive; continuing after the first, lines may be sent twice",
                metadata: [LogKeys.file: "\(path)"]
            )
        }
        return zip(found.offsets, content.start ?? found.offsets).map { max($0, $1) }
    }
}
