// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import LogArchiving
import LogFiles

extension FuzzTarget {
    /// Rotated logs in gzip, and that what was compressed is read again.
    static let gzip = FuzzTarget(name: "gzip") { bytes in
        let input = ControlledInput(bytes)
        let whole = decompress([input.content], room: 1 << 16)
        let cut = decompress(input.pieces, room: input[1] % 64 + 1)
        if !whole.isFull, !cut.isFull {
            // Which fault is seen first depends on the room.
            try FuzzFailure.requireEqual(whole.isReadable, cut.isReadable, "the cut of the file changes nothing")
            if whole.isReadable { try FuzzFailure.requireEqual(whole.bytes, cut.bytes, "nor does the room") }
        }
        let block = Array(input.content)
        let member = compressor.compress(block)
        let again = decompress([member[...]], room: 4096)
        try FuzzFailure.require(
            again.isReadable && (again.isFull || again.bytes == block),
            "what was compressed is read again: \(again)"
        )
    }

    private static let compressor = DeflateCompressor(level: 1)
    /// A small file may have a thousand times as much in it.
    private static let greatestOutput = 1 << 16

    private struct Decompressed {
        var bytes: [UInt8] = []
        /// Why it is no gzip, if so.
        var ending: GzipError?
        /// Whether there is more than is read here.
        var isFull = false

        var isReadable: Bool { ending == nil }
    }

    private static func decompress(_ pieces: [ArraySlice<UInt8>], room: Int) -> Decompressed {
        var result = Decompressed()
        do throws(GzipError) {
            var decompressor = try GzipDecompressor()
            var output = [UInt8](repeating: 0, count: room)
            for piece in pieces {
                let piece = Array(piece)
                var used = 0
                while used < piece.count || used == 0 {
                    var room = output.mutableSpan
                    let step = try unsafe piece.span.withUnsafeBytes { input throws(GzipError) in
                        try unsafe room.withUnsafeMutableBytes { room throws(GzipError) in
                            try unsafe decompressor.decompress(
                                UnsafeRawBufferPointer(rebasing: input[used...]),
                                into: room
                            )
                        }
                    }
                    result.bytes += output[..<step.produced]
                    used += step.consumed
                    guard result.bytes.count <= greatestOutput else {
                        result.isFull = true
                        return result
                    }
                    if step.consumed == 0, step.produced == 0 { break }
                }
            }
            if !decompressor.mayEnd { result.ending = .truncated }
        } catch { result.ending = error }
        return result
    }
}
