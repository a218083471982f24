// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Suggests the intended name for a mistyped one.
package enum Suggestion {
    /// Names that differ more are not suggested.
    private static let greatestDistance = 3

    /// Returns the end of an error message: `; did you mean NAME?`, or an empty string if no name is similar.
    package static func text(for name: String, among names: some Sequence<String>) -> String {
        nearest(to: name, among: names).map { "; did you mean \($0)?" } ?? ""
    }

    private static func nearest(to name: String, among names: some Sequence<String>) -> String? {
        let limit = min(greatestDistance, name.count / 2)
        return names.map { (name: $0, distance: distance(Array(name.utf8), Array($0.utf8))) }
            .filter { $0.distance <= limit }
            .min { ($0.distance, $0.name) < ($1.distance, $1.name) }?.name
    }

    /// The minimum number of bytes to insert, remove, replace, or swap with the next one (optimal string alignment).
    private static func distance(_ one: [UInt8], _ other: [UInt8]) -> Int {
        var rows = [Array(0...other.count)]
        for (i, byte) in one.enumerated() {
            var row = [i + 1]
            for (j, otherByte) in other.enumerated() {
                var least = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (byte == otherByte ? 0 : 1))
                if i > 0, j > 0, byte == other[j - 1], one[i - 1] == otherByte {
                    least = min(least, rows[i - 1][j - 1] + 1)
                }
                row.append(least)
            }
            rows.append(row)
        }
        return rows[one.count][other.count]
    }
}
