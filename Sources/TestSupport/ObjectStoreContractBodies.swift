// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Synchronization

/// Returns blocks one after the other, then ends or fails.
final class ScriptedBody: ObjectBody {
    private let blocks: Mutex<[[UInt8]]>
    private let error: ObjectStoreError?

    init(_ blocks: [[UInt8]], error: ObjectStoreError? = nil) {
        self.blocks = Mutex(blocks)
        self.error = error
    }

    func next() throws(ObjectStoreError) -> [UInt8]? {
        let block = blocks.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        if block == nil, let error { throw error }
        return block
    }
}

/// Returns blocks without end, and signals when the tenth is requested.
final class EndlessBody: ObjectBody {
    private let count = Mutex(0)
    private let tenth: AsyncStream<Void>.Continuation

    init(tenth: AsyncStream<Void>.Continuation) { self.tenth = tenth }

    func next() throws(ObjectStoreError) -> [UInt8]? {
        let isTenth = count.withLock { count in
            count += 1
            return count == 10
        }
        if isTenth { tenth.finish() }
        return [UInt8](repeating: 7, count: 1000)
    }
}
