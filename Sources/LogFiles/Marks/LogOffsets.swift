// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// The offset of a mark in each file of a log.
package struct LogOffsets: Hashable, Sendable {
    /// The bytes of each file before the mark; 0 for a file after it, `UInt64.max` for one before it.
    package private(set) var offsets: [UInt64]
    /// Whether the file that was current at the time of the mark was found.
    package private(set) var isComplete = true
    /// The files that have lost content before the mark.
    package private(set) var shortened: [FilePath] = []
    /// The files that have several places like the mark's; the first one was taken.
    package private(set) var uncertain: [FilePath] = []
    private var isTaken: [Bool]

    init(count: Int) {
        offsets = Array(repeating: 0, count: count)
        isTaken = Array(repeating: false, count: count)
    }

    /// Returns whether the file has a place of the mark.
    func isTaken(_ index: Int) -> Bool { isTaken[index] }

    /// Records a place of the mark.
    mutating func take(_ index: Int, _ offset: UInt64) {
        isTaken[index] = true
        offsets[index] = offset
    }

    /// Records a file that has lost content before the mark.
    mutating func addShortened(_ path: FilePath) { shortened.append(path) }

    /// Records a file that has several places like the mark's.
    mutating func addUncertain(_ path: FilePath) { uncertain.append(path) }

    /// Records that the file that was current at the time of the mark is missing.
    mutating func setIncomplete() { isComplete = false }
}
