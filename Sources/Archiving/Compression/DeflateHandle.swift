// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CDeflate

/// The one owner of a compressor of libdeflate.
@safe struct DeflateHandle: ~Copyable {
    private let compressor: OpaquePointer

    init(level: Int) {
        guard let compressor = unsafe libdeflate_alloc_compressor(Int32(level)) else {
            // As everywhere else in Swift, there is no going on without memory.
            fatalError("no memory for a compressor of level \(level)")
        }
        unsafe self.compressor = compressor
    }

    deinit { unsafe libdeflate_free_compressor(compressor) }

    /// - Parameter room: Space to compress into, kept from block to block: a new one for each would be touched anew, and
    ///   ten times larger than what comes out of it.
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
        precondition(count > 0, "the bound that libdeflate gave is always enough")
        return Array(room[..<count])
    }
}
