// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore
import Synchronization

/// A body in memory, in blocks.
package final class BlocksBody: ObjectBody {
    private let blocks: Mutex<ArraySlice<[UInt8]>>

    package init(_ blocks: [[UInt8]]) { self.blocks = Mutex(blocks[...]) }

    package func next() throws(ObjectStoreError) -> [UInt8]? { blocks.withLock { $0.popFirst() } }
}
