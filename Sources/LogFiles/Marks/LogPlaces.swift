// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore
import SteelyardSystem

/// A mark in a log: how far each of its files goes before it.
///
/// A file that a mark does not name comes after the mark, whole: a mark needs no order of the files.
package struct LogPlaces: Hashable, Sendable {
    /// Earlier agents wrote 1: the NULs before a file's content were counted.
    private static let versions = ["1", "2"]

    private let version: String
    private let places: [LogPlace]

    /// After the last whole line of each file.
    package init(endOf files: [LogFile]) throws(LogFileError) {
        var places: [LogPlace] = []
        for (index, file) in files.enumerated() {
            // HAProxy may still finish a line of the file that was rotated last, but of none before.
            let isFinished = index + 2 < files.count
            let offset = file.isCompressed || isFinished ? file.size : try file.endOfLines()
            if let place = try LogPlace(offset, in: file) { places.append(place) }
        }
        self.places = places
        version = "2"
    }

    /// After all of each file.
    package init(wholeOf files: [LogFile]) throws(LogFileError) {
        var places: [LogPlace] = []
        for file in files { if let place = try LogPlace(file.size, in: file) { places.append(place) } }
        self.places = places
        version = "2"
    }

    /// Reads a mark.
    ///
    /// - Throws: `DriverError` if it is not one.
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

    /// The bytes of each file before the mark; 0 for a file after it.
    ///
    /// - Returns: The bytes, and whether the file that was written at that time was found.
    package func offsets(in files: [LogFile]) throws(LogFileError) -> (offsets: [UInt64], isComplete: Bool) {
        var offsets = [UInt64](repeating: 0, count: files.count)
        var isTaken = [Bool](repeating: false, count: files.count)
        var isComplete = true
        let heads = LogHeads(files, sizes: Set(places.map(\.headSize)))
        for place in places {
            var found: Int?
            for index in heads.files(beginningAs: place) where !isTaken[index] {
                guard try place.isIn(files[index]) else { continue }
                if found == nil || place.wasMadeFrom(files[index]) { found = index }
            }
            if let found {
                isTaken[found] = true
                offsets[found] = place.offset(in: files[found])
            } else if let (first, found, offset) = try Self.find(place, files, heads) {
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
        _ files: [LogFile],
        _ heads: LogHeads
    ) throws(LogFileError) -> (first: Int, found: Int, offset: UInt64)? {
        guard let first = heads.files(beginningAs: place).first(where: { files[$0].name.number != nil }) else {
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
}

/// Finds files by the fingerprints of their beginnings.
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

    /// The indices of the files, in order.
    func files(beginningAs place: LogPlace) -> [Int] {
        indices[Key(size: place.headSize, fingerprint: place.head)] ?? []
    }
}
