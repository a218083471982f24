// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The content of one object, from the pass that all objects share.
final class SharedBody: ObjectBody {
    private let pass: LogPass
    private let consumer: Int
    private let lineCount: LineCount

    /// - Parameter consumer: The index of the object's consumer, which must be attached.
    init(_ pass: LogPass, consumer: Int, lineCount: LineCount) {
        self.pass = pass
        self.consumer = consumer
        self.lineCount = lineCount
    }

    deinit { pass.release(consumer) }

    func next() throws(ObjectStoreError) -> [UInt8]? {
        if let bytes = try pass.next(consumer) { return bytes }
        lineCount.set(pass.lineCount(for: consumer))
        return nil
    }
}
