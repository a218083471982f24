// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Synchronization

/// Reads access logs one after the other.
final class AccessLogReader: LogReader {
    private struct Position {
        var part = 0
        var offset: UInt64 = 0
        var byteCount: UInt64 = 0
        var lineCount: UInt64 = 0
    }

    private let files: [AccessLogs.OpenFile?]
    private let position = Mutex(Position())

    /// - Parameter files: The log of each part; nil for an empty one.
    init(_ files: [AccessLogs.OpenFile?]) { self.files = files }

    var examinedLineCount: UInt64 { position.withLock { $0.lineCount } }

    func next(into blocks: inout [LogBlock]) throws(DriverError) -> UInt64? {
        try position.withLock { position throws(DriverError) in
            guard position.part < files.count else { return nil }
            let bytes = try files[position.part]?.read(at: position.offset) ?? []
            // Without a newline, it is the end of the log or a part of a line longer than the buffer.
            let count = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.count
            let lines = UInt64(bytes[..<count].count { $0 == UInt8(ascii: "\n") })
            blocks[position.part].bytes += bytes[..<count]
            blocks[position.part].lineCount += lines
            position.lineCount += lines
            position.byteCount += UInt64(count)
            position.offset += UInt64(count)
            if count == 0 {
                position.part += 1
                position.offset = 0
            }
            return position.byteCount
        }
    }
}
