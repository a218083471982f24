// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore

extension OpenedLog {
    /// Reads parts to their end, in one reading.
    ///
    /// - Returns: The lines of each part.
    package func lines(of parts: [LogPart]) throws -> [LogBlock] {
        let reader = try makeReader(of: parts)
        var blocks = [LogBlock](repeating: LogBlock(), count: parts.count)
        var position: UInt64 = 0
        while let next = try reader.next(into: &blocks) {
            try require(next >= position, "the position of a reading must not decrease from \(position) to \(next)")
            position = next
        }
        return blocks
    }
}
