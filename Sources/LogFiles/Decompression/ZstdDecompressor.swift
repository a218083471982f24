// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CZstd

/// Decompresses zstd: any number of consecutive frames.
@safe final class ZstdDecompressor: Decompressor {
    /// The logarithm of the largest window, the default of `zstd -d`: 128 MiB.
    private static let windowLimit: Int32 = 27

    private let context: OpaquePointer
    /// Whether a frame has ended, and another may follow.
    private(set) var mayEnd = false

    /// - Throws: `DecompressionError.memory`.
    init() throws(DecompressionError) {
        guard let context = unsafe ZSTD_createDCtx() else { throw .memory }
        unsafe self.context = context
        _ = unsafe ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.windowLimit)
    }

    deinit { unsafe ZSTD_freeDCtx(context) }

    func decompress(
        _ input: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer
    ) throws(DecompressionError) -> DecompressionStep {
        // Without input, zstd would start the next frame.
        if unsafe mayEnd && input.isEmpty { return DecompressionStep(consumed: 0, produced: 0) }
        var source = unsafe ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var room = unsafe ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let result = unsafe ZSTD_decompressStream(context, &room, &source)
        guard ZSTD_isError(result) == 0 else {
            switch ZSTD_getErrorCode(result) {
            case ZSTD_error_memory_allocation, ZSTD_error_frameParameter_windowTooLarge: throw .memory
            default: throw .damaged
            }
        }
        mayEnd = result == 0
        return unsafe DecompressionStep(consumed: source.pos, produced: room.pos)
    }
}
