// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The log of a device that serves nobody.
struct EmptyLog: OpenedLog, LogReader {
    let byteCount: UInt64 = 0

    func makeReader() throws(DriverError) -> any LogReader { self }

    func next() throws(DriverError) -> LogChunk? { nil }
}
