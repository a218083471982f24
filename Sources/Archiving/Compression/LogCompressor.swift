// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Compresses a log block by block, each into its own gzip member (RFC 1952, 2.2): gunzip reads concatenated members as
/// one file, and blocks can be compressed on any core.
package protocol LogCompressor: Sendable {
    /// Compresses one block.
    ///
    /// - Returns: One complete gzip member, even for an empty block.
    func compress(_ block: [UInt8]) -> [UInt8]
}
