// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CBzip2

/// Decompresses bzip2: any number of consecutive streams.
@safe final class Bzip2Decompressor: Decompressor {
    // On the heap: the library's state points back at it, so it must not move.
    private let stream: UnsafeMutablePointer<bz_stream>
    /// Whether a stream has ended, and another may follow.
    private var isBetweenStreams = false

    /// - Throws: `DecompressionError.memory`.
    init() throws(DecompressionError) {
        unsafe stream = UnsafeMutablePointer<bz_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: bz_stream())
        do throws(DecompressionError) { try begin() } catch {
            unsafe stream.deallocate()
            throw error
        }
    }

    deinit {
        // The library ignores a stream that has already ended.
        unsafe BZ2_bzDecompressEnd(stream)
        unsafe stream.deallocate()
    }

    var mayEnd: Bool { isBetweenStreams }

    private func begin() throws(DecompressionError) {
        guard unsafe BZ2_bzDecompressInit(stream, 0, 0) == BZ_OK else { throw .memory }
    }

    func decompress(
        _ input: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer
    ) throws(DecompressionError) -> DecompressionStep {
        if isBetweenStreams {
            guard unsafe !input.isEmpty else { return DecompressionStep(consumed: 0, produced: 0) }
            try begin()
            isBetweenStreams = false
        }
        // The library does not write to its input, despite the type.
        unsafe stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress?.assumingMemoryBound(to: CChar.self)
        )
        unsafe stream.pointee.avail_in = UInt32(clamping: input.count)
        unsafe stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: CChar.self)
        unsafe stream.pointee.avail_out = UInt32(clamping: output.count)
        let given = unsafe stream.pointee.avail_in
        let room = unsafe stream.pointee.avail_out
        let result = unsafe BZ2_bzDecompress(stream)
        let step = DecompressionStep(
            consumed: Int(given - (unsafe stream.pointee.avail_in)),
            produced: Int(room - (unsafe stream.pointee.avail_out))
        )
        switch result {
        case BZ_OK: break
        case BZ_STREAM_END:
            isBetweenStreams = true
            unsafe BZ2_bzDecompressEnd(stream)
        case BZ_MEM_ERROR: throw .memory
        default: throw .damaged
        }
        return step
    }
}
