// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// A mark in a log: how far each of its files goes before it.
///
/// A file that a mark knows nothing of is behind it, whole: so nothing needs to be known of the order of files.
struct LogPlaces: Hashable, Sendable {
    private static let version = "1"

    private let places: [LogPlace]

    /// Behind the last whole line of each file.
    init(endOf files: [LogFile]) throws(DriverError) {
        var places: [LogPlace] = []
        for (index, file) in files.enumerated() {
            // HAProxy may still finish a line of the one that was rotated last, and nobody one of those before.
            let isFinished = index + 2 < files.count
            let offset = file.name.isCompressed || isFinished ? file.size : try Self.endOfLines(file)
            if let place = try LogPlace(offset, in: file) { places.append(place) }
        }
        self.places = places
    }

    /// Behind all of each file.
    init(wholeOf files: [LogFile]) throws(DriverError) {
        var places: [LogPlace] = []
        for file in files { if let place = try LogPlace(file.size, in: file) { places.append(place) } }
        self.places = places
    }

    /// Reads a mark.
    ///
    /// - Throws: `DriverError` where somebody else has written it.
    init(_ mark: LogMark) throws(DriverError) {
        let words = mark.text.split(separator: " ")
        let places = words.dropFirst().compactMap { LogPlace($0) }
        guard words.first == Self.version[...], places.count == words.count - 1 else {
            throw DriverError(
                .stateUnreadable,
                "the mark in HAProxy's log is torn or foreign; send a DELETE, or archive in full"
            )
        }
        self.places = places
    }

    var isEmpty: Bool { places.isEmpty }

    var mark: LogMark { LogMark(([Self.version] + places.map(\.text)).joined(separator: " ")) }

    /// Says how far each file goes before the mark; 0 for one that is behind it.
    ///
    /// - Returns: The bytes, and whether the file that was written at that time is there still.
    func offsets(in files: [LogFile]) throws(DriverError) -> (offsets: [UInt64], isComplete: Bool) {
        var offsets = [UInt64](repeating: 0, count: files.count)
        var isTaken = [Bool](repeating: false, count: files.count)
        var isComplete = true
        for place in places {
            var found: Int?
            for (index, file) in files.enumerated() where !isTaken[index] {
                guard try place.isIn(file) else { continue }
                if found == nil || place.wasMadeFrom(file) { found = index }
            }
            guard let found else {
                if place.wasCurrent { isComplete = false }
                continue
            }
            isTaken[found] = true
            offsets[found] = place.offset ?? .max
        }
        return (offsets, isComplete)
    }

    private static func endOfLines(_ file: LogFile) throws(DriverError) -> UInt64 {
        var end = file.size
        while end > file.start {
            let start = max(file.start, end - min(end, 64 << 10))
            let bytes = try file.read(at: start, atMost: Int(end - start))
            if let newline = bytes.lastIndex(of: UInt8(ascii: "\n")) { return start + UInt64(newline) + 1 }
            end = start
        }
        return 0
    }
}
