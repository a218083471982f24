// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Synchronization

/// Reads a driver program's log from start to end.
final class ExecLogReader: LogReader {
    private struct State {
        var offset = 0
        var isAtEnd = false
        var examinedLines: UInt64 = 0
    }

    private let log: ExecLog
    private let parts: [LogPart]
    private let state = Mutex(State())

    init(_ log: ExecLog, _ parts: [LogPart]) {
        self.log = log
        self.parts = parts
    }

    var examinedLineCount: UInt64 { state.withLock { $0.examinedLines } }

    func next(into blocks: inout [LogBlock]) throws(DriverError) -> UInt64? {
        let (offset, isAtEnd) = state.withLock { ($0.offset, $0.isAtEnd) }
        guard !isAtEnd else { return nil }
        let piece = try log.read(from: offset)
        for (index, part) in parts.enumerated() {
            // Lines without an id belong to whatever part asks for their kind.
            let keys =
                [LoadBalancerKey(part.proxyKind)]
                + (part.loadBalancer.map { [LoadBalancerKey(part.proxyKind, id: $0)] } ?? [])
            for text in keys.compactMap({ piece.texts[$0] }) {
                blocks[index].bytes += text
                blocks[index].lineCount += UInt64(text.count { $0 == UInt8(ascii: "\n") })
            }
        }
        state.withLock { state in
            state.offset = piece.offset
            state.isAtEnd = piece.isLast
            state.examinedLines &+= piece.examinedLines
        }
        return UInt64(piece.offset)
    }
}
