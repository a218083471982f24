// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// A place in one file of the log, known again by its content after the file was renamed, copied or compressed.
struct LogPlace: Hashable, Sendable {
    private static let tailSize = 256

    /// The content's bytes before it; nil for the end of a file that nobody writes any more.
    let offset: UInt64?
    /// Whether HAProxy was writing the file.
    let wasCurrent: Bool
    private let device: UInt64
    private let inode: UInt64
    /// How many bytes of the content's beginning ``head`` is of.
    private let headSize: Int
    private let head: Fingerprint
    /// That of the bytes just before the place.
    private let tail: Fingerprint

    /// The place in a file, or its end, where it is compressed.
    ///
    /// - Returns: nil for its very beginning.
    init?(_ offset: UInt64, in file: LogFile) throws(DriverError) {
        guard offset > file.start || file.name.isCompressed else { return nil }
        self.offset = file.name.isCompressed ? nil : offset
        wasCurrent = file.name.age == .current
        device = file.device
        inode = file.inode
        headSize = file.name.isCompressed ? file.head.count : Int(min(offset - file.start, UInt64(file.head.count)))
        head = Fingerprint(file.head.prefix(headSize))
        tail = file.name.isCompressed ? Fingerprint() : try Self.tail(offset, of: file)
    }

    /// Whether it is in this file.
    func isIn(_ file: LogFile) throws(DriverError) -> Bool {
        guard file.head.count >= headSize, Fingerprint(file.head.prefix(headSize)) == head else { return false }
        // To look for it in a compressed file, all before it would have to be read.
        guard let offset, !file.name.isCompressed else { return true }
        guard file.size >= offset else { return false }
        return try Self.tail(offset, of: file) == tail
    }

    func wasMadeFrom(_ file: LogFile) -> Bool { file.device == device && file.inode == inode }

    private static func tail(_ offset: UInt64, of file: LogFile) throws(DriverError) -> Fingerprint {
        let count = min(offset, UInt64(tailSize))
        return Fingerprint(try file.read(at: offset - count, atMost: Int(count)))
    }

    /// Seven words without spaces.
    var text: String {
        "\(wasCurrent ? "c" : "r"):\(device):\(inode):\(offset.map(String.init) ?? "end"):\(headSize):\(head):\(tail)"
    }

    /// Reads what ``text`` gives.
    init?(_ text: Substring) {
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
