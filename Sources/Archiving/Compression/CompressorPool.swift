// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A pool of idle compressors: creating one costs about as much as compressing a few kilobytes.
final class CompressorPool: Sendable {
    /// A compressor that one thread at a time owns, between ``take()`` and ``giveBack(_:)``; hence unchecked.
    final class Compressor: @unchecked Sendable {
        private let handle: DeflateHandle
        private var room: [UInt8] = []

        init(level: Int) { handle = DeflateHandle(level: level) }

        func compress(_ block: [UInt8]) -> [UInt8] { handle.compress(block, in: &room) }
    }

    private let level: Int
    private let idle = Mutex<[Compressor]>([])

    init(level: Int) { self.level = level }

    func take() -> Compressor { idle.withLock { $0.popLast() } ?? Compressor(level: level) }

    func giveBack(_ compressor: Compressor) { idle.withLock { $0.append(compressor) } }
}
