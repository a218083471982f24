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

    func compress(_ block: [UInt8]) -> [UInt8] {
        let bound = unsafe libdeflate_gzip_compress_bound(compressor, block.count)
        return unsafe [UInt8](unsafeUninitializedCapacity: bound) { output, count in
            unsafe block.withUnsafeBytes { input in
                unsafe count = libdeflate_gzip_compress(
                    compressor,
                    input.baseAddress,
                    input.count,
                    output.baseAddress,
                    bound
                )
            }
            precondition(count > 0, "the bound that libdeflate gave is always enough")
        }
    }
}
