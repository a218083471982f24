// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A fault that a ``ChaosProxy`` applies to its current connections.
package enum ChaosFault: Hashable, Sendable {
    /// One direction of a connection.
    package enum Direction: String, Hashable, Sendable, CaseIterable {
        case toServer
        case toWorker
    }

    /// Damage to the next packet to the worker; its payload is unchanged.
    package enum Corruption: Hashable, Sendable {
        /// The packet has a wrong magic.
        case magic
        /// The packet has a wrong type.
        case kind(UInt32)
        /// The header announces this many bytes more, or fewer, than follow.
        case size(Int)
        /// Bytes that are no packet are inserted before it.
        case insert([UInt8])
    }

    /// Resets both sides.
    case reset
    /// Closes both sides normally.
    case close
    /// Shuts down one direction; the other one remains open.
    case halfClose(Direction)
    /// Resets both sides once this many more bytes have passed in one direction.
    case resetAfter(Int, Direction)
    /// Drops all further bytes and the end of the stream; the connection remains open until the worker closes it.
    case silence(Set<Direction>)
    /// Damages the next packet to the worker.
    case corrupt(Corruption)
}

/// How a ``ChaosProxy`` relays bytes until it is changed.
package enum ChaosLink: Hashable, Sendable {
    /// Immediately.
    case normal
    /// Delayed by this many milliseconds, in both directions.
    case delayed(milliseconds: Int)
    /// In pieces of a few bytes.
    case trickling
    /// Not at all: bytes are queued, as during a network failure.
    case stalled
    /// Immediately; new connections are reset.
    case refusing
}
