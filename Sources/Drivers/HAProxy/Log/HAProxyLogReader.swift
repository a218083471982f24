// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Synchronization

/// Reads an opened log in large pieces, and picks one proxy's lines.
final class HAProxyLogReader: LogReader {
    private static let pieceSize = 1 << 20

    private let log: HAProxyLog
    private let picker: Mutex<LogLinePicker>

    init(_ log: HAProxyLog, _ selector: LogLineSelector) {
        self.log = log
        picker = Mutex(LogLinePicker(selector))
    }

    func next() throws(DriverError) -> LogChunk? {
        try picker.withLock { picker throws(DriverError) in
            guard !picker.hasEnded else { return nil }
            let piece = try log.read(at: picker.position, atMost: Self.pieceSize)
            let lines = picker.pick(piece)
            return LogChunk(lines: lines, position: picker.position)
        }
    }
}
