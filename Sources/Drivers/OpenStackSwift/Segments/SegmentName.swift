// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// What one segment is called behind its object's name.
struct SegmentName: Hashable, Sendable, CustomStringConvertible {
    /// Sets the segments of one attempt apart from those of any other, of this agent or another one.
    let attempt: UInt64
    /// Its number, from 0.
    let number: Int

    /// The attempt and the number, so that a listing is in order.
    var description: String {
        let (attempt, number) = (String(attempt, radix: 16), String(number))
        return Self.padded(attempt, to: 16) + "/" + Self.padded(number, to: 8)
    }

    private static func padded(_ digits: String, to length: Int) -> String {
        String(repeating: "0", count: max(0, length - digits.utf8.count)) + digits
    }
}
