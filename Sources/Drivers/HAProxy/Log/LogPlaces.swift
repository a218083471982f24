// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// A mark in a log: how far each of its files goes before it.
///
/// A file that a mark knows nothing of is behind it, whole: so nothing needs to be known of the order of files.
struct LogPlaces: Hashable, Sendable {
    /// Earlier agents wrote 1: the NULs before a file's content were counted.
    private static let versions = ["1", "2"]

    private let version: String
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
        version = "2"
    }

    /// Behind all of each file.
    init(wholeOf files: [LogFile]) throws(DriverError) {
        var places: [LogPlace] = []
        for file in files { if let place = try LogPlace(file.size, in: file) { places.append(place) } }
        self.places = places
        version = "2"
    }

    /// Reads a mark.
    ///
    /// - Throws: `DriverError` if it is not one.
    init(_ mark: LogMark) throws(DriverError) {
        let words = mark.text.split(separator: " ")
        let version = words.first.map(String.init) ?? ""
        let places = words.dropFirst().compactMap { LogPlace($0, countsNULs: version == "1") }
        guard Self.versions.contains(version), places.count == words.count - 1 else {
            throw DriverError(
                .stateUnreadable,
                "the mark in HAProxy's log is corrupt or not written by Steelyard; send a DELETE, or archive in full"
            )
        }
        self.places = places
        self.version = version
    }

    var isEmpty: Bool { places.isEmpty }

    var mark: LogMark { LogMark(([version] + places.map(\.text)).joined(separator: " ")) }

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
            if let found {
                isTaken[found] = true
                offsets[found] = place.offset(in: files[found])
            } else if let (first, found, offset) = try Self.find(place, files) {
                for index in first...found {
                    isTaken[index] = true
                    offsets[index] = index < found ? .max : offset
                }
            } else if place.wasCurrent {
                isComplete = false
            }
        }
        return (offsets, isComplete)
    }

    /// Finds a place in the log that the agent has rotated into several files since.
    private static func find(
        _ place: LogPlace,
        _ files: [LogFile]
    ) throws(DriverError) -> (first: Int, found: Int, offset: UInt64)? {
        guard let first = files.firstIndex(where: { $0.name.number != nil && place.isBegun(by: $0) }) else {
            return nil
        }
        var end = first + 1
        while end < files.count, let last = files[end - 1].name.number,
            files[end].name.number == last + 1 || files[end].name.age == .current
        {
            end += 1
        }
        return try place.find(inOneAfterAnother: files[first..<end]).map { (first, $0.index, $0.offset) }
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
