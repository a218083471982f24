// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Why compressed data cannot be read.
package enum DecompressionError: Error, Hashable, Sendable {
    /// The data does not follow the format, or a checksum differs.
    case damaged
    /// The data ends before the compressed stream does.
    case truncated
    /// The system has no memory, or the stream needs more than the decompressor may use.
    case memory

    /// One sentence without a full stop.
    package func reason(_ compression: Compression) -> String {
        switch self {
        case .damaged: "its \(compression) data is damaged"
        case .truncated: "its \(compression) data ends early"
        case .memory: "there is not enough memory to decompress its \(compression) data"
        }
    }
}
