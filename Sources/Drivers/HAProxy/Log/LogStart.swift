// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import LogFiles
import SteelyardCore

/// The start of a syslog daemon's log; earlier lines belong to deleted load balancers.
struct LogStart: Hashable, Sendable {
    private static let timeWord = "deleted"

    /// When a DELETE stopped HAProxy; nil in the files of earlier agents.
    ///
    /// Lines with an earlier time are left out, no matter when the daemon writes them.
    let deletedAt: UTCTimestamp?
    /// The sizes of the files at the first UPDATE after the DELETE, for lines without a time; nil before it.
    let mark: LogMark?

    init(deletedAt: UTCTimestamp?, mark: LogMark?) {
        self.deletedAt = deletedAt
        self.mark = mark
    }

    /// The text of the file.
    var text: String {
        let lines = [deletedAt.map { "\(Self.timeWord) \($0.microseconds)" }, mark?.text]
        return lines.compactMap { $0.map { $0 + "\n" } }.joined()
    }

    /// Parses ``text``, and the format of earlier agents: the mark only.
    ///
    /// - Throws: `DriverError` with code `stateUnreadable`.
    init(_ text: String) throws(DriverError) {
        var deletedAt: UTCTimestamp?
        var mark: LogMark?
        for line in text.split(separator: "\n") {
            if line.hasPrefix(Self.timeWord + " ") {
                guard let time = Int64(line.dropFirst(Self.timeWord.count + 1)), UTCTimestamp.storable.contains(time)
                else { throw Self.unreadable }
                deletedAt = UTCTimestamp(microseconds: time)
            } else {
                mark = LogMark(String(line))
                _ = try LogPlaces(LogMark(String(line)))
            }
        }
        guard deletedAt != nil || mark != nil else { throw Self.unreadable }
        self.init(deletedAt: deletedAt, mark: mark)
    }

    private static let unreadable = DriverError(
        .stateUnreadable,
        "the file log-start in the state folder is corrupt or not written by Steelyard; send a DELETE"
    )
}
