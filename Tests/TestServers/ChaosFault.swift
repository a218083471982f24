// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// What a ``ChaosProxy`` does to the connections that it carries at that moment.
package enum ChaosFault: Hashable, Sendable {
    /// One direction of a connection.
    package enum Direction: String, Hashable, Sendable, CaseIterable {
        case toServer
        case toWorker
    }

    /// What is done to the next packet to the worker; its payload stays as it is.
    package enum Corruption: Hashable, Sendable {
        /// The packet has another magic.
        case magic
        /// The packet has another type.
        case kind(UInt32)
        /// The header announces so many bytes more, or fewer, than follow.
        case size(Int)
        /// Bytes that are no packet come first.
        case insert([UInt8])
    }

    /// Resets both sides.
    case reset
    /// Closes both sides in order.
    case close
    /// Ends one direction; the other one goes on.
    case halfClose(Direction)
    /// Resets both sides once so many bytes more have passed in one direction.
    case resetAfter(Int, Direction)
    /// Passes on nothing more, not even the end; the connection stays open until the worker ends it.
    case silence(Set<Direction>)
    /// Damages the next packet to the worker.
    case corrupt(Corruption)
}

/// How a ``ChaosProxy`` passes bytes on, until it is set to something else.
package enum ChaosLink: Hashable, Sendable {
    /// At once.
    case normal
    /// Later by so many milliseconds, in both directions.
    case delayed(milliseconds: Int)
    /// In pieces of a few bytes.
    case trickling
    /// Not at all: what comes waits, as it does while a network is out of order.
    case stalled
    /// As normal; new connections are reset at once.
    case refusing
}
