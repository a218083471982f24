// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The result of one call of a ``TLSSession``, none of which blocks.
enum TLSProgress: Hashable, Sendable {
    /// The call completed; for a read or a write with the number of bytes, at least 1 unless the buffer is empty.
    case done(Int)
    /// The same call can make progress once the descriptor is readable.
    case wantsRead
    /// The same call can make progress once the descriptor is writable.
    case wantsWrite
    /// The server closed the connection, in an orderly way or not; nothing more can be read or written.
    case closed
}
