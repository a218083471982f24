// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore
import SteelyardSystem

/// A mark in a log: one place for each of its files.
///
/// A file that a mark does not name is after the mark, so a mark does not depend on the order of the files.
package struct LogPlaces: Hashable, Sendable {
    /// Version 1, of earlier agents, counts the NULs before a file's content.
    private static let versions = ["1", "2"]

    private let version: String
    private let places: [LogPlace]

    /// Creates a mark after the last whole line of each file.
    ///
    /// - Parameter limits: The limit in each file; nil for its end.
    package init(endOf files: [LogFile], limits: [UInt64]? = nil) throws(LogFileError) {
        var places: [LogPlace] = []
        for (index, file) in files.enumerated() {
            // HAProxy may still complete a line of the newest rotated file, but not of older ones.
            let isFinished = index + 2 < files.count
            let end = file.isCompressed || isFinished ? file.size : try file.endOfLines()
            let limit = limits?[index] ?? .max
            guard limit > 0 else { continue }
            let offset = file.isCompressed ? end : min(end, limit)
            if let place = try LogPlace(offset, in: file) { places.append(place) }
        }
        self.places = places
        version = "2"
    }

    /// Creates a mark at the end of each file.
    package init(wholeOf files: [LogFile]) throws(LogFileError) {
        var places: [LogPlace] = []
        for file in files { if let place = try LogPlace(file.size, in: file) { places.append(place) } }
        self.places = places
        version = "2"
    }

    /// Parses a mark.
    ///
    /// - Throws: `DriverError` if the mark is invalid.
    package init(_ mark: LogMark) throws(DriverError) {
        let words = mark.text.split(separator: " ")
        let version = words.first.map(String.init) ?? ""
        let places = words.dropFirst().compactMap { LogPlace($0, countsNULs: version == "1") }
        guard Self.versions.contains(version), places.count == words.count - 1 else {
            throw DriverError(
                .stateUnreadable,
                "the mark in the log is corrupt or not written by Steelyard; send a DELETE, or archive in full"
            )
        }
        self.places = places
        self.version = version
    }

    package var isEmpty: Bool { places.isEmpty }

    package var mark: LogMark { LogMark(([version] + places.map(\.text)).joined(separator: " ")) }

    /// Returns the bytes of each file before the mark.
    ///
    /// - Throws: `LogFileError` if a file that may contain a place of the mark cannot be read.
    package func offsets(in files: [LogFile]) throws(LogFileError) -> LogOffsets {
        var offsets = LogOffsets(count: files.count)
        let heads = LogHeads(files, sizes: Set(places.map(\.headSize)))
        for place in places {
            if try Self.takeExact(place, files, heads, &offsets) { continue }
            if try Self.takeRotated(place, files, heads, &offsets) { continue }
            if try Self.takeShortened(place, files, heads, &offsets) { continue }
            if place.wasCurrent { offsets.setIncomplete() }
        }
        return offsets
    }

    /// Finds a place in the only file that starts with the same content.
    private static func takeExact(
        _ place: LogPlace,
        _ files: [LogFile],
        _ heads: LogHeads,
        _ offsets: inout LogOffsets
    ) throws(LogFileError) -> Bool {
        var found: Int?
        for index in heads.files(beginningAs: place) where !offsets.isTaken(index) {
            guard try place.isIn(files[index]) else { continue }
            if found == nil || place.wasMadeFrom(files[index]) { found = index }
        }
        guard let found else { return false }
        offsets.take(found, place.offset(in: files[found]))
        return true
    }

    /// Returns the consecutive files that contain a place's content after the agent's rotation, and the current log.
    private static func pieces(of place: LogPlace, _ files: [LogFile], _ heads: LogHeads) -> Range<Int>? {
        guard let first = heads.files(beginningAs: place).first(where: { files[$0].name.number != nil }) else {
            return nil
        }
        var end = first + 1
        while end < files.count, let last = files[end - 1].name.number,
            files[end].name.number == last + 1 || files[end].name.age == .current
        {
            end += 1
        }
        return first..<end
    }

    /// Finds a place whose file has lost its end: after a power failure, or in an older copy.
    ///
    /// The remaining content before the place is identified by its start.
    private static func takeShortened(
        _ place: LogPlace,
        _ files: [LogFile],
        _ heads: LogHeads,
        _ offsets: inout LogOffsets
    ) throws(LogFileError) -> Bool {
        guard place.headSize == LogFile.headSize else { return false }
        if let pieces = pieces(of: place, files, heads), let found = try place.find(inOneAfterAnother: files[pieces]) {
            for index in pieces.lowerBound..<found.index { offsets.take(index, .max) }
            offsets.take(found.index, found.offset)
            offsets.addShortened(files[found.index].path)
            return true
        }
        var isFound = false
        for index in heads.files(beginningAs: place) where !offsets.isTaken(index) && !files[index].isCompressed {
            offsets.take(index, try place.shortenedOffset(in: files[index]))
            offsets.addShortened(files[index].path)
            isFound = true
        }
        return isFound
    }

    /// Finds a place in a log that the agent has rotated into several files since.
    ///
    /// If the oldest files have been removed, the place is found by the bytes just before it.
    private static func takeRotated(
        _ place: LogPlace,
        _ files: [LogFile],
        _ heads: LogHeads,
        _ offsets: inout LogOffsets
    ) throws(LogFileError) -> Bool {
        let own = files.indices.filter { files[$0].name.number != nil }
        if let pieces = pieces(of: place, files, heads), let found = try place.find(inOneAfterAnother: files[pieces]),
            found.isExact
        {
            for index in pieces.lowerBound..<found.index { offsets.take(index, .max) }
            offsets.take(found.index, found.offset)
            return true
        }
        let current = files.indices.last { files[$0].name.age == .current && (!own.isEmpty || files[$0].start > 0) }
        guard place.wasCurrent else { return false }
        for index in own + (current.map { [$0] } ?? []) where !offsets.isTaken(index) {
            guard let found = try place.search(in: files[index]) else { continue }
            // Files rotated before this file are before the place.
            for earlier in own where earlier < index { offsets.take(earlier, .max) }
            offsets.take(index, found.offset)
            if !found.isOnly { offsets.addUncertain(files[index].path) }
            return true
        }
        return false
    }
}

/// Finds files by the fingerprints of their starts.
private struct LogHeads {
    private struct Key: Hashable {
        let size: Int
        let fingerprint: Fingerprint
    }

    private var indices: [Key: [Int]] = [:]

    init(_ files: [LogFile], sizes: Set<Int>) {
        for (index, file) in files.enumerated() {
            for size in sizes where size <= file.head.count {
                let key = Key(size: size, fingerprint: Fingerprint(file.head.prefix(size)))
                indices[key, default: []].append(index)
            }
        }
    }

    /// Returns the indices of the files that start like a place's file, in order.
    func files(beginningAs place: LogPlace) -> [Int] {
        indices[Key(size: place.headSize, fingerprint: place.head)] ?? []
    }
}
