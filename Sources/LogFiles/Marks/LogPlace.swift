// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardSystem

/// A place in a log file, identified by content, so that it survives renaming, copying and compression.
struct LogPlace: Hashable, Sendable {
    private static let tailSize = 256

    /// The bytes of content before the place; nil for the end of a file that is no longer written.
    private let offset: UInt64?
    /// Whether the offset includes the NULs before the content, as in marks of earlier agents.
    private let countsNULs: Bool
    /// Whether HAProxy was writing the file.
    let wasCurrent: Bool
    private let device: UInt64
    private let inode: UInt64
    /// The number of bytes that ``head`` covers.
    let headSize: Int
    let head: Fingerprint
    /// The fingerprint of the bytes just before the place.
    private let tail: Fingerprint

    /// Creates the place at an offset of a file, or at its end if it is compressed.
    ///
    /// - Returns: nil for the start of the file.
    init?(_ offset: UInt64, in file: LogFile) throws(LogFileError) {
        guard offset > file.start || file.isCompressed else { return nil }
        self.offset = file.isCompressed ? nil : offset - file.start
        countsNULs = false
        wasCurrent = file.name.age == .current
        device = file.status.device
        inode = file.status.inode
        headSize = file.isCompressed ? file.head.count : Int(min(offset - file.start, UInt64(file.head.count)))
        head = Fingerprint(file.head.prefix(headSize))
        tail = file.isCompressed ? Fingerprint() : try Self.tail(offset - file.start, before: offset, of: file)
    }

    /// Returns the bytes of a file before the place.
    func offset(in file: LogFile) -> UInt64 {
        guard let offset else { return .max }
        return countsNULs ? offset : offset.addingReportingOverflow(file.start).partialValue
    }

    /// Returns whether the place is in a file that starts with the same content.
    ///
    /// - Throws: `LogFileError`.
    func isIn(_ file: LogFile) throws(LogFileError) -> Bool {
        guard let offset else { return true }
        return try isIn(file, at: self.offset(in: file), after: offset)
    }

    private func isIn(_ file: LogFile, at place: UInt64, after count: UInt64) throws(LogFileError) -> Bool {
        if file.isCompressed {
            // Finding it means reading everything before it: needed only if a log may continue in another file.
            if file.name.number == nil { return true }
            return try count <= file.contentLength()
        }
        guard file.size >= place, place >= count else { return false }
        do throws(LogFileError) { return try Self.tail(count, before: place, of: file) == tail } catch {
            // It was compressed or removed since the log was opened. No other file has its head.
            guard error.isMissing else { throw error }
            return headSize == LogFile.headSize
        }
    }

    /// Finds the place in files that the agent has rotated since: together, they have the content of one file.
    ///
    /// - Parameter files: The files in order, starting with the one that starts the content.
    /// - Returns: The index of the file, the bytes before the place, and whether all content before the place exists;
    ///   if not, the bytes are the end of what remains. nil for the end of a compressed file.
    func find(
        inOneAfterAnother files: ArraySlice<LogFile>
    ) throws(LogFileError) -> (index: Int, offset: UInt64, isExact: Bool)? {
        guard var rest = offset else { return nil }
        for (index, file) in zip(files.indices, files) {
            let length = try file.contentLength()
            if rest <= length, try isIn(file, at: file.start + rest, after: rest) {
                return (index, file.start + rest, true)
            }
            if rest <= length || index == files.endIndex - 1 {
                let end = file.start + min(rest, length)
                return (index, file.isCompressed ? end : try file.endOfLines(upTo: end), false)
            }
            rest -= length
        }
        return nil
    }

    /// Returns the end of the last whole line before the place, in a file that has lost some content before it.
    func shortenedOffset(in file: LogFile) throws(LogFileError) -> UInt64 {
        let place = offset(in: file)
        // A copy does not grow.
        if !wasMadeFrom(file), file.name.age != .current, file.size <= place { return .max }
        return try file.endOfLines(upTo: min(place, file.size))
    }

    /// Finds the place in a file that has the content before it, but may start later.
    ///
    /// - Returns: The bytes of the file before the place, and whether no other place has the same bytes before it; nil if
    ///   the place is not in the file.
    func search(in file: LogFile) throws(LogFileError) -> (offset: UInt64, isOnly: Bool)? {
        guard let offset, offset > 0 else { return nil }
        let search = LogTailSearch(size: Int(min(offset, UInt64(Self.tailSize))), tail: tail)
        return try search.find(in: file).map { (file.start + $0.offset, $0.isOnly) }
    }

    func wasMadeFrom(_ file: LogFile) -> Bool { file.status.device == device && file.status.inode == inode }

    private static func tail(
        _ count: UInt64,
        before place: UInt64,
        of file: LogFile
    ) throws(LogFileError) -> Fingerprint {
        let count = min(count, UInt64(tailSize))
        return Fingerprint(try file.read(at: place - count, atMost: Int(count)))
    }

    /// The place as seven fields without spaces.
    var text: String {
        "\(wasCurrent ? "c" : "r"):\(device):\(inode):\(offset.map(String.init) ?? "end"):\(headSize):\(head):\(tail)"
    }

    /// Parses ``text``.
    ///
    /// - Parameter countsNULs: Whether an earlier agent wrote it.
    /// - Returns: nil if a field is missing or out of range.
    init?(_ text: Substring, countsNULs: Bool) {
        self.countsNULs = countsNULs
        let words = text.split(separator: ":")
        guard words.count == 7, ["c", "r"].contains(words[0]), let device = UInt64(words[1]),
            let inode = UInt64(words[2]),
            let headSize = Int(words[4]), 1...LogFile.headSize ~= headSize, let head = Fingerprint(words[5]),
            let tail = Fingerprint(words[6])
        else { return nil }
        if words[3] == "end" {
            offset = nil
        } else {
            guard let number = UInt64(words[3]), number <= UInt64(Int64.max) else { return nil }
            offset = number
        }
        wasCurrent = words[0] == "c"
        (self.device, self.inode, self.headSize, self.head, self.tail) = (device, inode, headSize, head, tail)
    }
}
