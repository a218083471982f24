// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CLZMA

/// Decompresses xz: any number of consecutive streams, with padding between them.
@safe final class XZDecompressor: Decompressor {
    /// More than `xz -9` needs.
    private static let memoryLimit: UInt64 = 80 << 20

    // On the heap: it must not move.
    private let stream: UnsafeMutablePointer<lzma_stream>
    /// Whether a stream has ended, and another may follow.
    private var isBetweenStreams = false
    /// The number of padding bytes read after the last stream; valid padding is a multiple of four bytes.
    private var paddingCount = 0

    /// - Throws: `DecompressionError.memory`.
    init() throws(DecompressionError) {
        unsafe stream = UnsafeMutablePointer<lzma_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: lzma_stream())
        do throws(DecompressionError) { try begin() } catch {
            unsafe stream.deallocate()
            throw error
        }
    }

    deinit {
        unsafe lzma_end(stream)
        unsafe stream.deallocate()
    }

    var mayEnd: Bool { isBetweenStreams && paddingCount.isMultiple(of: 4) }

    private func begin() throws(DecompressionError) {
        guard unsafe lzma_stream_decoder(stream, Self.memoryLimit, 0) == LZMA_OK else { throw .memory }
    }

    func decompress(
        _ input: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer
    ) throws(DecompressionError) -> DecompressionStep {
        if isBetweenStreams {
            let padding = unsafe input.prefix { $0 == 0 }.count
            paddingCount += padding
            guard padding == 0, unsafe !input.isEmpty else { return DecompressionStep(consumed: padding, produced: 0) }
            guard paddingCount.isMultiple(of: 4) else { throw .damaged }
            // The library frees the decoder of the previous stream.
            try begin()
            isBetweenStreams = false
            paddingCount = 0
        }
        unsafe stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe stream.pointee.avail_in = input.count
        unsafe stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe stream.pointee.avail_out = output.count
        switch unsafe lzma_code(stream, LZMA_RUN) {
        case LZMA_OK, LZMA_BUF_ERROR: break
        case LZMA_STREAM_END: isBetweenStreams = true
        case LZMA_MEM_ERROR, LZMA_MEMLIMIT_ERROR: throw .memory
        default: throw .damaged
        }
        return DecompressionStep(
            consumed: input.count - (unsafe stream.pointee.avail_in),
            produced: output.count - (unsafe stream.pointee.avail_out)
        )
    }
}
