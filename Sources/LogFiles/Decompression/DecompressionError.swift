// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The reason why compressed data cannot be read.
package enum DecompressionError: Error, Hashable, Sendable {
    /// The data is not in the format, or a checksum differs.
    case damaged
    /// The data ends before the compressed stream does.
    case truncated
    /// The system is out of memory, or the stream needs more than the decompressor may use.
    case memory

    /// Returns one sentence without a full stop.
    package func reason(_ compression: Compression) -> String {
        switch self {
        case .damaged: "corrupt \(compression) data"
        case .truncated: "truncated \(compression) data"
        case .memory: "not enough memory to decompress its \(compression) data"
        }
    }
}
