// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Decompresses any number of consecutive compressed streams in constant memory.
///
/// Only one thread at a time may use it.
package protocol Decompressor: AnyObject {
    /// Whether the input may end here: after a complete stream.
    var mayEnd: Bool { get }

    /// Decompresses until the input is used up or the output is full.
    ///
    /// - Throws: `DecompressionError`; the decompressor must not be used afterwards.
    func decompress(
        _ input: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer
    ) throws(DecompressionError) -> DecompressionStep
}

/// The result of one call of a decompressor.
package struct DecompressionStep: Hashable, Sendable {
    /// The number of input bytes that are no longer needed.
    package let consumed: Int
    /// The number of output bytes written.
    package let produced: Int
}

extension Compression {
    /// Creates a decompressor.
    ///
    /// - Throws: `DecompressionError.memory`.
    package func makeDecompressor() throws(DecompressionError) -> any Decompressor {
        switch self {
        case .gzip: try GzipDecompressor()
        case .xz: try XZDecompressor()
        case .zstd: try ZstdDecompressor()
        case .bzip2: try Bzip2Decompressor()
        }
    }
}
