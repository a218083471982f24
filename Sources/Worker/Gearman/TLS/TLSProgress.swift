// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The result of a ``TLSSession`` call; no call blocks.
enum TLSProgress: Hashable, Sendable {
    /// The call completed; for a read or a write with the number of bytes, at least 1 unless the buffer is empty.
    case done(Int)
    /// The same call can make progress once the descriptor is readable.
    case wantsRead
    /// The same call can make progress once the descriptor is writable.
    case wantsWrite
    /// The server closed the connection, with or without a notification; no more data can be read or written.
    case closed
}
