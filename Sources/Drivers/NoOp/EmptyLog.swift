// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The log of a simulated device.
struct EmptyLog: OpenedLog, LogReader {
    let byteCount: UInt64 = 0
    let end: LogMark? = LogMark("empty")

    let examinedLineCount: UInt64 = 0

    func makeReader(of parts: [LogPart]) throws(DriverError) -> any LogReader { self }

    func next(into blocks: inout [LogBlock]) throws(DriverError) -> UInt64? { nil }
}
