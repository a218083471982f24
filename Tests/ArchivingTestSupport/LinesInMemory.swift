// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore
import Synchronization

/// A log that returns one line at a time; a mark in it is a number of lines.
package struct LinesInMemory: OpenedLog {
    private let lines: [(metered: MeteredProtocol, line: String)]
    private let onRead: @Sendable () -> Void

    /// - Parameter onRead: Called for each line read.
    package init(_ lines: [MeteredProtocol: [String]], onRead: @escaping @Sendable () -> Void = {}) {
        self.lines = MeteredProtocol.allCases.flatMap { metered in (lines[metered] ?? []).map { (metered, $0) } }
        self.onRead = onRead
    }

    package var byteCount: UInt64 { UInt64(lines.reduce(0) { $0 + $1.line.utf8.count + 1 }) }

    package var end: LogMark? { LogMark("\(lines.count)") }

    package func makeReader(of parts: [LogPart]) throws(DriverError) -> any LogReader { Reader(self, parts) }

    private final class Reader: LogReader {
        private let log: LinesInMemory
        private let parts: [(metered: MeteredProtocol, lines: Range<Int>)]
        private let state = Mutex((index: 0, position: UInt64(0)))

        init(_ log: LinesInMemory, _ parts: [LogPart]) {
            self.log = log
            self.parts = parts.map { part in
                let first = part.after.flatMap { Int($0.text) } ?? 0
                return (part.metered, first..<max(first, part.upTo.flatMap { Int($0.text) } ?? log.lines.count))
            }
        }

        var examinedLineCount: UInt64 { state.withLock { UInt64($0.index) } }

        func next(into blocks: inout [LogBlock]) throws(DriverError) -> UInt64? {
            log.onRead()
            return state.withLock { state in
                guard state.index < log.lines.count else { return nil }
                let (metered, line) = log.lines[state.index]
                for (index, part) in parts.enumerated()
                where part.metered == metered && part.lines.contains(state.index) {
                    blocks[index].bytes += Array("\(line)\n".utf8)
                    blocks[index].lineCount += 1
                }
                state.index += 1
                state.position += UInt64(line.utf8.count + 1)
                return state.position
            }
        }
    }
}
