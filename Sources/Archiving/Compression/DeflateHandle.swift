// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CDeflate

/// The libdeflate compressor that this handle owns.
@safe struct DeflateHandle: ~Copyable {
    private let compressor: OpaquePointer

    init(level: Int) {
        guard let compressor = unsafe libdeflate_alloc_compressor(Int32(level)) else {
            // Like a failed allocation anywhere in Swift.
            fatalError("out of memory: cannot allocate a libdeflate compressor of level \(level)")
        }
        unsafe self.compressor = compressor
    }

    deinit { unsafe libdeflate_free_compressor(compressor) }

    /// - Parameter room: The output buffer, reused from block to block: a new one for each block would fault in about
    ///   ten times as many pages as the output needs.
    func compress(_ block: [UInt8], in room: inout [UInt8]) -> [UInt8] {
        let bound = unsafe libdeflate_gzip_compress_bound(compressor, block.count)
        if room.count < bound { room = [UInt8](repeating: 0, count: bound) }
        let count = unsafe room.withUnsafeMutableBytes { output in
            unsafe block.withUnsafeBytes { input in
                unsafe libdeflate_gzip_compress(
                    compressor,
                    input.baseAddress,
                    input.count,
                    output.baseAddress,
                    output.count
                )
            }
        }
        precondition(count > 0, "libdeflate's bound is always large enough")
        return Array(room[..<count])
    }
}
