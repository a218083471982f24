// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The files of a log and the range of each to read, up to the end that the log had when it was opened.
struct LogContent: Sendable {
    let files: [LogFile]
    /// The start in each file; nil for its first line.
    let start: [UInt64]?
    /// The end in each file.
    let limits: [UInt64]
    let end: LogMark
    let byteCount: UInt64
    /// The compressed files that another program may still be writing: the end mark excludes them.
    let incomplete: [LogFileError]
    /// Whether the log has lost lines since it was opened.
    let hasLostLines: Bool

    /// - Parameters:
    ///   - files: All files, oldest first.
    ///   - opened: The end of the log when it was opened; empty for a log without lines.
    ///   - places: The start of the log; nil for its oldest line.
    init(_ files: [LogFile], upTo opened: LogPlaces, from places: LogPlaces?) throws(LogFileError) {
        self.files = files
        start = try places?.offsets(in: files).offsets
        let found = try opened.offsets(in: files)
        hasLostLines = !found.isComplete || !found.shortened.isEmpty
        limits = try Self.limits(of: files, found)
        var covered = limits
        var incomplete: [LogFileError] = []
        let now = UTCTimestamp.now.microseconds * 1000
        for (index, file) in files.enumerated() {
            guard let error = file.truncation(now: now) else { continue }
            covered[index] = 0
            incomplete.append(error)
        }
        self.incomplete = incomplete
        end = try LogPlaces(endOf: files, limits: covered).mark
        byteCount = files.reduce(0) { $0 + $1.byteCount }
    }

    private static func limits(of files: [LogFile], _ found: LogOffsets) throws(LogFileError) -> [UInt64] {
        var limits = [UInt64](repeating: .max, count: files.count)
        // If the log was truncated meanwhile, new content cannot be distinguished from old content.
        if let last = files.indices.last(where: { found.isTaken($0) }), found.shortened.isEmpty {
            // Of a compressed file, only the end is known.
            if !files[last].isCompressed { limits[last] = found.offsets[last] }
            for index in files.indices.dropFirst(last + 1) { limits[index] = 0 }
        }
        // An incomplete line that HAProxy is writing is left for the next archive.
        if let last = files.indices.last, files[last].name.age == .current {
            limits[last] = min(limits[last], try files[last].endOfLines())
        }
        return limits
    }
}
