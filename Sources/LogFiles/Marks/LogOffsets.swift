// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// How far each file of a log goes before a mark.
package struct LogOffsets: Hashable, Sendable {
    /// The bytes of each file before the mark; 0 for a file after it, `UInt64.max` for one before it.
    package private(set) var offsets: [UInt64]
    /// Whether the file was found that was written when the mark was made.
    package private(set) var isComplete = true
    /// The files that have lost content before the mark.
    package private(set) var shortened: [FilePath] = []
    private var isTaken: [Bool]

    init(count: Int) {
        offsets = Array(repeating: 0, count: count)
        isTaken = Array(repeating: false, count: count)
    }

    /// Whether a place of the mark is in the file.
    func isTaken(_ index: Int) -> Bool { isTaken[index] }

    /// Notes a place of the mark.
    mutating func take(_ index: Int, _ offset: UInt64) {
        isTaken[index] = true
        offsets[index] = offset
    }

    /// Notes that content before the mark is gone from a file.
    mutating func addShortened(_ path: FilePath) { shortened.append(path) }

    /// Notes that the file is gone that was written when the mark was made.
    mutating func setIncomplete() { isComplete = false }
}
