// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CZlib

/// Reads gzip as a stream, in constant memory: any number of members, one behind the other.
@safe public struct GzipDecompressor: ~Copyable {
    /// What one call has done.
    public struct Step: Hashable, Sendable {
        /// The bytes of the input that are needed no longer.
        public let consumed: Int
        /// The bytes of the output that have been filled.
        public let produced: Int
    }

    // On the heap: zlib's own state points back at it, so that it must never move.
    private let stream: UnsafeMutablePointer<z_stream>
    /// Whether a member has ended, and another may begin.
    private var isBetweenMembers = false
    private var isBehindLast = false

    /// Creates a decompressor.
    ///
    /// - Throws: `GzipError.noMemory`.
    public init() throws(GzipError) {
        unsafe stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        guard unsafe steelyard_inflate_gzip(stream) == Z_OK else {
            unsafe stream.deallocate()
            throw .noMemory
        }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Whether the stream may end here: behind a whole member.
    public var mayEnd: Bool { isBetweenMembers }

    /// Decompresses as much as there is input or room for.
    ///
    /// - Throws: `GzipError`.
    public mutating func decompress(
        _ input: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer
    ) throws(GzipError) -> Step {
        if isBetweenMembers, try unsafe isPadding(input) { return Step(consumed: input.count, produced: 0) }
        // zlib does not write to its input, whatever its type says.
        unsafe stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        )
        unsafe stream.pointee.avail_in = UInt32(clamping: input.count)
        unsafe stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe stream.pointee.avail_out = UInt32(clamping: output.count)
        switch unsafe inflate(stream, Z_NO_FLUSH) {
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END:
            isBetweenMembers = true
            unsafe inflateReset(stream)
        case Z_MEM_ERROR: throw .noMemory
        default: throw .damaged
        }
        return Step(
            consumed: input.count - Int(unsafe stream.pointee.avail_in),
            produced: output.count - Int(unsafe stream.pointee.avail_out)
        )
    }

    /// Whether what comes behind a member is the padding that some tapes and tools add, rather than the next member.
    private mutating func isPadding(_ input: UnsafeRawBufferPointer) throws(GzipError) -> Bool {
        guard let first = unsafe input.first else { return false }
        if first == 0 || isBehindLast {
            guard unsafe input.allSatisfy({ $0 == 0 }) else { throw .damaged }
            isBehindLast = true
            return true
        }
        isBetweenMembers = false
        return false
    }
}
