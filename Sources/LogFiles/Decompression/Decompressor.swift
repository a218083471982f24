// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Decompresses a stream in constant memory: any number of compressed streams, one after another.
///
/// One thread at a time may use it.
package protocol Decompressor: AnyObject {
    /// Whether the input may end here: after a whole stream.
    var mayEnd: Bool { get }

    /// Decompresses as much as there is input or room for.
    ///
    /// - Throws: `DecompressionError`; the decompressor cannot be used afterwards.
    func decompress(
        _ input: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer
    ) throws(DecompressionError) -> DecompressionStep
}

/// The result of one call of a decompressor.
package struct DecompressionStep: Hashable, Sendable {
    /// How many bytes of the input are no longer needed.
    package let consumed: Int
    /// How many bytes of the output are filled.
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
