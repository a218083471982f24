// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CZlib

/// Decompresses gzip: any number of consecutive members.
@safe final class GzipDecompressor: Decompressor {
    // On the heap: zlib's state points back at it, so it must not move.
    private let stream: UnsafeMutablePointer<z_stream>
    /// Whether a member has ended, and another may follow.
    private var isBetweenMembers = false
    private var isAfterLast = false

    /// - Throws: `DecompressionError.memory`.
    init() throws(DecompressionError) {
        unsafe stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        guard unsafe steelyard_inflate_gzip(stream) == Z_OK else {
            unsafe stream.deallocate()
            throw .memory
        }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    var mayEnd: Bool { isBetweenMembers }

    func decompress(
        _ input: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer
    ) throws(DecompressionError) -> DecompressionStep {
        if isBetweenMembers, try unsafe isPadding(input) {
            return DecompressionStep(consumed: input.count, produced: 0)
        }
        // zlib does not write to its input, despite the type.
        unsafe stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        )
        unsafe stream.pointee.avail_in = UInt32(clamping: input.count)
        unsafe stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe stream.pointee.avail_out = UInt32(clamping: output.count)
        let room = unsafe stream.pointee.avail_out
        let given = unsafe stream.pointee.avail_in
        switch unsafe inflate(stream, Z_NO_FLUSH) {
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END:
            isBetweenMembers = true
            unsafe inflateReset(stream)
        case Z_MEM_ERROR: throw .memory
        default: throw .damaged
        }
        return DecompressionStep(
            consumed: Int(given - (unsafe stream.pointee.avail_in)),
            produced: Int(room - (unsafe stream.pointee.avail_out))
        )
    }

    /// Returns whether the bytes after a member are the NULs that some tapes and tools append, not another member.
    private func isPadding(_ input: UnsafeRawBufferPointer) throws(DecompressionError) -> Bool {
        guard let first = unsafe input.first else { return false }
        if first == 0 || isAfterLast {
            guard unsafe input.allSatisfy({ $0 == 0 }) else { throw .damaged }
            isAfterLast = true
            return true
        }
        isBetweenMembers = false
        return false
    }
}
