// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import LogArchiving
import LogFiles

extension FuzzTarget {
    /// Rotated logs in gzip, and that what was compressed is read again.
    static let gzip = FuzzTarget(name: "gzip") { bytes in
        let input = try checkDecompressor(of: .gzip, bytes)
        let block = Array(input.content)
        let member = compressor.compress(block)
        let again = decompress(.gzip, [member[...]], room: 4096)
        try FuzzFailure.require(
            again.isReadable && (again.isFull || again.bytes == block),
            "what was compressed is read again: \(again)"
        )
    }

    /// Rotated logs in xz.
    static let xz = FuzzTarget(name: "xz") { try checkDecompressor(of: .xz, $0) }

    /// Rotated logs in zstd.
    static let zstd = FuzzTarget(name: "zstd") { try checkDecompressor(of: .zstd, $0) }

    /// Rotated logs in bzip2.
    static let bzip2 = FuzzTarget(name: "bzip2") { try checkDecompressor(of: .bzip2, $0) }

    private static let compressor = DeflateCompressor(level: 1)
    /// A small file may have a thousand times as much in it.
    private static let greatestOutput = 1 << 16

    private struct Decompressed {
        var bytes: [UInt8] = []
        /// Why it cannot be read, if so.
        var ending: DecompressionError?
        /// Whether there is more than is read here.
        var isFull = false

        var isReadable: Bool { ending == nil }
    }

    @discardableResult
    private static func checkDecompressor(of compression: Compression, _ bytes: [UInt8]) throws -> ControlledInput {
        let input = ControlledInput(bytes)
        let whole = decompress(compression, [input.content], room: 1 << 16)
        let cut = decompress(compression, input.pieces, room: input[1] % 64 + 1)
        if !whole.isFull, !cut.isFull {
            // Which fault is seen first depends on the room. libzstd checks the size of a frame only if it is given all at once.
            if compression != .zstd {
                try FuzzFailure.requireEqual(whole.isReadable, cut.isReadable, "the cut of the file changes nothing")
            }
            if whole.isReadable, cut.isReadable {
                try FuzzFailure.requireEqual(whole.bytes, cut.bytes, "nor does the room")
            }
        }
        return input
    }

    private static func decompress(
        _ compression: Compression,
        _ pieces: [ArraySlice<UInt8>],
        room: Int
    ) -> Decompressed {
        var result = Decompressed()
        do throws(DecompressionError) {
            let decompressor = try compression.makeDecompressor()
            var output = [UInt8](repeating: 0, count: room)
            // The last one is empty: what is left in the decompressor comes without more input.
            for piece in pieces + [[]] {
                let piece = Array(piece)
                var used = 0
                while true {
                    var room = output.mutableSpan
                    let step = try unsafe piece.span.withUnsafeBytes { input throws(DecompressionError) in
                        try unsafe room.withUnsafeMutableBytes { room throws(DecompressionError) in
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
