// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore
import Synchronization

/// A body in memory.
package final class BytesBody: ObjectBody {
    private let bytes: Mutex<[UInt8]?>

    package init(_ bytes: [UInt8]) { self.bytes = Mutex(bytes.isEmpty ? nil : bytes) }

    package func next() throws(ObjectStoreError) -> [UInt8]? {
        bytes.withLock { bytes in
            defer { bytes = nil }
            return bytes
        }
    }
}
