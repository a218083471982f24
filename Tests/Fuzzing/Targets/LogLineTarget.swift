// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import LogFiles
import SteelyardCore

@testable import HAProxyDriver

extension FuzzTarget {
    /// HAProxy's log in pieces of any size, and the names of its files.
    static let logLines = FuzzTarget(name: "log-lines") { bytes in
        let input = ControlledInput(bytes)
        let lines = lines(of: input.content)
        let log = Array(lines.joined(separator: [UInt8(ascii: "\n")]))
        let whole = split([log[...]])
        try FuzzFailure.requireEqual(whole, split(pieces(of: log, input)), "splitting the log changes nothing")
        try FuzzFailure.requireEqual(whole, selected(from: lines), "each part contains exactly its lines")
        try checkNames(input.content)
    }

    private static let parts = [
        LogPart(.http), LogPart(.tcp), LogPart(.http, of: try? Identifier("web")),
        LogPart(.tcp, of: try? Identifier("a.b")),
    ]

    /// This byte, which is invalid in UTF-8, stands for so many characters that a line becomes long.
    private static let longRunMark: UInt8 = 0xFF
    private static let longRun = [UInt8](repeating: UInt8(ascii: "x"), count: LogLineSplitter.longLine + 100)
    private static let mostLongRuns = 3
    private static let mostPieces = 200

    private static func lines(of content: ArraySlice<UInt8>) -> [[UInt8]] {
        var runs = 0
        return content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
            var expanded: [UInt8] = []
            for byte in line {
                if byte == longRunMark, runs < mostLongRuns {
                    expanded += longRun
                    runs += 1
                } else {
                    expanded.append(byte)
                }
            }
            return expanded
        }
    }

    private static func pieces(of log: [UInt8], _ input: ControlledInput) -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        var start = 0
        while start < log.count {
            // Squared, so that a long line has few pieces or many.
            let size = max(input[pieces.count] * input[pieces.count] + 1, log.count / mostPieces)
            let end = min(start + size, log.count)
            pieces.append(log[start..<end])
            start = end
        }
        return pieces
    }

    private static func split(_ pieces: [ArraySlice<UInt8>]) -> [LogBlock] {
        var splitter = LogLineSplitter(parts, HAProxyLineClassifier())
        var blocks = [LogBlock](repeating: LogBlock(), count: parts.count)
        var kept: [UInt8] = []
        for piece in pieces {
            kept += piece
            let taken = unsafe kept.withUnsafeBytes { unsafe splitter.take($0, into: &blocks) }
            kept.removeFirst(taken)
        }
        unsafe kept.withUnsafeBytes { unsafe splitter.end($0, into: &blocks) }
        return blocks
    }

    /// Reference implementation, line by line.
    private static func selected(from lines: [[UInt8]]) -> [LogBlock] {
        var blocks = [LogBlock](repeating: LogBlock(), count: parts.count)
        for (index, line) in lines.enumerated() where index + 1 < lines.count || !line.isEmpty {
            // NULs at the start of a line do not belong to it.
            let line = Array(line.drop { $0 == 0 })
            guard index + 1 < lines.count || !line.isEmpty else { continue }
            let head = Array(line.prefix(HAProxyLine.headLimit))
            let owner = unsafe head.withUnsafeBytes { unsafe HAProxyLine($0)?.owner }
            guard let owner else { continue }
            let id = owner.id.map { String(decoding: head[$0], as: UTF8.self) }
            for (part, wanted) in parts.enumerated()
            where wanted.proxyKind == owner.proxyKind && (id == nil || id == wanted.loadBalancer?.description) {
                blocks[part].bytes += line + [UInt8(ascii: "\n")]
                blocks[part].lineCount += 1
            }
        }
        return blocks
    }

    private static func checkNames(_ content: ArraySlice<UInt8>) throws {
        let log = "haproxy.log"
        let lines = content.prefix(200).split(separator: UInt8(ascii: "\n"), maxSplits: 3)
        let names = lines.map { String(decoding: $0, as: UTF8.self) }
        let known = (names + names.map { log + $0 }).compactMap { LogFileName($0, of: log) }
        for name in known {
            if let number = name.number {
                try FuzzFailure.requireEqual(
                    LogFileName(log + LogFileName.suffix(number), of: log)?.number,
                    number,
                    "a number written by the agent is read back"
                )
            }
        }
        // The cut at a DELETE parses dates in any bytes.
        let cut = HAProxyLineClassifier(after: LogCut(UTCTimestamp(microseconds: 1_795_400_000_000_000)))
        for line in lines { _ = unsafe Array(line).withUnsafeBytes { unsafe cut.owner(of: $0) } }
        for line in lines { _ = unsafe Array(line).withUnsafeBytes { unsafe HeaderTime($0) } }
    }
}
