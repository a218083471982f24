// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import LogArchiving
import LogFiles

extension FuzzTarget {
    /// Rotated logs in gzip; compressed content must be read back unchanged.
    static let gzip = FuzzTarget(name: "gzip") { bytes in
        let input = try checkDecompressor(of: .gzip, bytes)
        let block = Array(input.content)
        let member = compressor.compress(block)
        let again = decompress(.gzip, [member[...]], room: 4096)
        try FuzzFailure.require(
            again.isReadable && (again.isFull || again.bytes == block),
            "compressed content is read back unchanged: \(again)"
        )
    }

    /// Rotated logs in xz.
    static let xz = FuzzTarget(name: "xz") { try checkDecompressor(of: .xz, $0) }

    /// Rotated logs in zstd.
    static let zstd = FuzzTarget(name: "zstd") { try checkDecompressor(of: .zstd, $0) }

    /// Rotated logs in bzip2.
    static let bzip2 = FuzzTarget(name: "bzip2") { try checkDecompressor(of: .bzip2, $0) }

    private static let compressor = DeflateCompressor(level: 1)
    /// The limit of decompressed bytes: a small file may expand a thousandfold.
    private static let greatestOutput = 1 << 16

    private struct Decompressed {
        var bytes: [UInt8] = []
        /// The error, if it cannot be read.
        var ending: DecompressionError?
        /// Whether the content exceeds the limit.
        var isFull = false

        var isReadable: Bool { ending == nil }
    }

    @discardableResult
    private static func checkDecompressor(of compression: Compression, _ bytes: [UInt8]) throws -> ControlledInput {
        let input = ControlledInput(bytes)
        let whole = decompress(compression, [input.content], room: 1 << 16)
        let cut = decompress(compression, input.pieces, room: input[1] % 64 + 1)
        if !whole.isFull, !cut.isFull {
            // The first error depends on the buffer. libzstd checks a frame's size only if it gets the whole frame.
            if compression != .zstd {
                try FuzzFailure.requireEqual(whole.isReadable, cut.isReadable, "splitting the input changes nothing")
            }
            if whole.isReadable, cut.isReadable {
                try FuzzFailure.requireEqual(whole.bytes, cut.bytes, "the size of the buffer changes nothing")
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
            // The last one is empty: it flushes the decompressor.
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
