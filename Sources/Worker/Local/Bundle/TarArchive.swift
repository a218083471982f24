// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A tar archive (POSIX ustar) of files with the mode 600.
struct TarArchive {
    private static let blockSize = 512
    private static let longestName = 100
    private static let longestPrefix = 155

    private var blocks: [UInt8] = []
    /// The modification time of all files, in seconds since 1970.
    private let time: Int64

    init(time: Int64) { self.time = time }

    /// Adds a file.
    ///
    /// - Parameter name: Its path, of any length in bytes.
    mutating func add(_ name: String, _ bytes: [UInt8]) {
        let path = Array(name.utf8)
        if let (prefix, last) = Self.split(path) {
            addEntry(last, prefix: prefix, type: "0", bytes)
        } else {
            // Programs that do not know extended headers see the end of the path.
            addEntry(Array("PaxHeaders/path".utf8), type: "x", Self.extendedHeader(path))
            addEntry(Array(path.suffix(Self.longestName)), type: "0", bytes)
        }
    }

    /// Splits a path at a slash into the two fields of a header; nil if it does not fit.
    private static func split(_ path: [UInt8]) -> (prefix: [UInt8], last: [UInt8])? {
        if path.count <= longestName { return ([], path) }
        // A name may be neither empty nor longer than its field.
        for index in (path.count - longestName - 1)..<(path.count - 1)
        where path[index] == UInt8(ascii: "/") && index > 0 {
            return index <= longestPrefix ? (Array(path[..<index]), Array(path[(index + 1)...])) : nil
        }
        return nil
    }

    /// The record of a path in an extended header of POSIX.1-2001; it begins with its own length in decimal.
    private static func extendedHeader(_ path: [UInt8]) -> [UInt8] {
        let rest = Array(" path=".utf8) + path + [0x0A]
        var length = rest.count
        while String(length).utf8.count + rest.count != length { length = String(length).utf8.count + rest.count }
        return Array(String(length).utf8) + rest
    }

    private mutating func addEntry(_ name: [UInt8], prefix: [UInt8] = [], type: String, _ bytes: [UInt8]) {
        var header = [UInt8](repeating: 0, count: Self.blockSize)
        func putBytes(_ text: some Collection<UInt8>, at offset: Int, _ length: Int) {
            for (index, byte) in text.prefix(length).enumerated() { header[offset + index] = byte }
        }
        func put(_ text: String, at offset: Int, _ length: Int) { putBytes(text.utf8, at: offset, length) }
        func putNumber(_ number: Int64, at offset: Int, _ length: Int) {
            let digits = String(max(0, number), radix: 8)
            put(String(repeating: "0", count: max(0, length - 1 - digits.count)) + digits, at: offset, length - 1)
        }
        putBytes(name, at: 0, Self.longestName)
        putNumber(0o600, at: 100, 8)
        putNumber(0, at: 108, 8)
        putNumber(0, at: 116, 8)
        putNumber(Int64(bytes.count), at: 124, 12)
        putNumber(time, at: 136, 12)
        put(String(repeating: " ", count: 8), at: 148, 8)
        put(type, at: 156, 1)
        put("ustar", at: 257, 5)
        put("00", at: 263, 2)
        put("root", at: 265, 32)
        put("root", at: 297, 32)
        putBytes(prefix, at: 345, Self.longestPrefix)
        let sum = header.reduce(0) { $0 + Int64($1) }
        putNumber(sum, at: 148, 7)
        header[154] = 0
        header[155] = UInt8(ascii: " ")
        blocks += header + bytes
        let rest = blocks.count % Self.blockSize
        if rest > 0 { blocks += [UInt8](repeating: 0, count: Self.blockSize - rest) }
    }

    /// The whole archive.
    var bytes: [UInt8] { blocks + [UInt8](repeating: 0, count: 2 * Self.blockSize) }
}
