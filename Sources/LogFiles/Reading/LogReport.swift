// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import Synchronization

/// Collects the parts of a log that cannot be read, and logs one warning per file.
final class LogReport: Sendable {
    let logger: Logger
    private let log: String
    private let entries = Mutex<[LeftOutLog]>([])
    private let deletedLineCount = Mutex<UInt64>(0)

    /// - Parameter log: The path of the current log.
    init(_ logger: Logger, of log: String) {
        self.log = log
        self.logger = logger
    }

    /// Adds files that cannot be read.
    func add(_ leftOut: [LeftOutLog]) {
        entries.withLock { $0 += leftOut }
        for entry in leftOut { warn(entry, [:]) }
    }

    var leftOut: [LeftOutLog] {
        let count = deletedLineCount.withLock { $0 }
        guard count > 0 else { return entries.withLock { $0 } }
        let lines =
            count == 1 ? "1 line from before the last DELETE is" : "\(count) lines from before the last DELETE are"
        return entries.withLock { $0 } + [LeftOutLog(file: log, reason: "\(lines) left out")]
    }

    /// Records the number of lines of deleted load balancers.
    ///
    /// - Parameter count: Those of one reading; the log may be read again.
    func noteDeletedLines(_ count: UInt64) { deletedLineCount.withLock { $0 = max($0, count) } }

    /// Adds a file that cannot be read, or only in part.
    ///
    /// - Parameter lostBytes: The bytes of the file on disk that have not been read.
    func add(_ error: LogFileError, lostBytes: UInt64) {
        let entry = error.leftOut
        let isNew = entries.withLock { entries in
            guard !entries.contains(where: { $0.file == entry.file }) else { return false }
            entries.append(entry)
            return true
        }
        if isNew { warn(entry, [LogKeys.lostBytes: "\(lostBytes)"]) }
    }

    private func warn(_ entry: LeftOutLog, _ metadata: Logger.Metadata) {
        let known: Logger.Metadata = [LogKeys.file: "\(entry.file)", LogKeys.error: "\(entry.reason)"]
        logger.warning(
            "log file left out of archives, in whole or in part",
            metadata: known.merging(metadata) { $1 }
        )
    }
}
