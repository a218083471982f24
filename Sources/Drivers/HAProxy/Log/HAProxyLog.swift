// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import LogFiles
import Logging
import SteelyardCore
import SystemPackage

/// HAProxy's log and its rotated files, as they were when the log was opened.
struct HAProxyLog: OpenedLog {
    private let files: LogFileSet

    var byteCount: UInt64 { files.byteCount }
    var end: LogMark? { files.end }
    var leftOut: [LeftOutLog] { files.leftOut }

    /// Opens the log; a log without a file has no lines.
    ///
    /// - Parameters:
    ///   - folder: The folders of its files.
    ///   - start: The start of the log; nil for its oldest line.
    ///   - hold: A folder for links to the rotated files; nil for none.
    ///   - owners: The owners of lines without ids; nil if all lines of a kind have one owner.
    ///   - isDeleted: Whether a DELETE has started since.
    ///   - now: The current time.
    /// - Throws: `DriverError` with code `logUnavailable` if it cannot be read.
    init(
        in folder: LogFolder,
        from start: LogStart? = nil,
        _ logger: Logger,
        hold: FilePath? = nil,
        owners: LogOwners? = nil,
        isDeleted: @escaping @Sendable () -> Bool = { false },
        now: UTCTimestamp = .now
    ) throws(DriverError) {
        var deletedAt = start?.deletedAt
        // Otherwise all new lines would count as old ones until the clock reaches that time.
        if let time = deletedAt, time > now {
            logger.warning(
                "the clock was set back after the DELETE; late lines of deleted load balancers may be archived"
            )
            deletedAt = nil
        }
        files = try LogFileSet(
            in: folder,
            from: start?.mark,
            hold: hold,
            isDeleted: isDeleted,
            HAProxyLineClassifier(after: deletedAt.map { LogCut($0) }, owners: owners),
            logger
        )
    }

    func prepare() throws(DriverError) { try files.prepare() }

    func byteEstimate(of part: LogPart) -> UInt64 { files.byteEstimate(of: part) }

    func makeReader(of parts: [LogPart]) throws(DriverError) -> any LogReader { try files.makeReader(of: parts) }
}
