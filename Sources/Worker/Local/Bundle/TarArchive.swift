// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A tar archive (POSIX ustar) of files with the mode 600.
struct TarArchive {
    private static let blockSize = 512
    private static let longestName = 100

    private var blocks: [UInt8] = []
    /// The modification time of all files, in seconds since 1970.
    private let time: Int64

    init(time: Int64) { self.time = time }

    /// Adds a file; a name that is too long is cut.
    mutating func add(_ name: String, _ bytes: [UInt8]) {
        var header = [UInt8](repeating: 0, count: Self.blockSize)
        func put(_ text: String, at offset: Int, _ length: Int) {
            for (index, byte) in text.utf8.prefix(length).enumerated() { header[offset + index] = byte }
        }
        func putNumber(_ number: Int64, at offset: Int, _ length: Int) {
            let digits = String(max(0, number), radix: 8)
            put(String(repeating: "0", count: max(0, length - 1 - digits.count)) + digits, at: offset, length - 1)
        }
        put(name, at: 0, Self.longestName)
        putNumber(0o600, at: 100, 8)
        putNumber(0, at: 108, 8)
        putNumber(0, at: 116, 8)
        putNumber(Int64(bytes.count), at: 124, 12)
        putNumber(time, at: 136, 12)
        put(String(repeating: " ", count: 8), at: 148, 8)
        put("0", at: 156, 1)
        put("ustar", at: 257, 5)
        put("00", at: 263, 2)
        put("root", at: 265, 32)
        put("root", at: 297, 32)
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
