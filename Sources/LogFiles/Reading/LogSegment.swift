// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A range of one log file, and the parts that want its lines.
struct LogSegment: Sendable {
    let file: LogFile
    let range: Range<UInt64>
    let isActive: [Bool]

    /// Splits a file at every start and end of a part.
    ///
    /// - Parameter ranges: The range of the file that each part wants.
    static func make(_ file: LogFile, _ ranges: [Range<UInt64>]) -> [LogSegment] {
        let borders = Set(ranges.flatMap { $0.isEmpty ? [] : [$0.lowerBound, $0.upperBound] }).sorted()
        return zip(borders, borders.dropFirst()).compactMap { lower, upper in
            let isActive = ranges.map { $0.lowerBound <= lower && upper <= $0.upperBound && !$0.isEmpty }
            guard isActive.contains(true) else { return nil }
            return LogSegment(file: file, range: lower..<upper, isActive: isActive)
        }
    }
}
