// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The content of a file in pieces, up to its readable end.
final class LogFileContent {
    private static let pieceSize = 64 << 10

    private let stream: DecompressedFile?
    private let file: LogDescriptor
    private var offset: UInt64
    private let size: UInt64
    private var piece = [UInt8](repeating: 0, count: pieceSize)
    private var skipped: UInt64

    init(_ file: LogFile) throws(LogFileError) {
        let source = try file.open()
        self.file = source
        stream = try file.compression.map { compression throws(LogFileError) in
            try DecompressedFile(source, compression, size: file.size)
        }
        offset = file.start
        size = file.size
        skipped = stream == nil ? 0 : file.start
    }

    /// Returns the next piece; the last one is shorter, or empty.
    func next() -> ArraySlice<UInt8> {
        var filled = 0
        while filled < piece.count {
            let count = (try? read(from: filled)) ?? 0
            guard count > 0 else { break }
            if skipped > 0 {
                let dropped = Int(min(skipped, UInt64(count)))
                skipped -= UInt64(dropped)
                piece.replaceSubrange(filled..<filled + count - dropped, with: piece[filled + dropped..<filled + count])
                filled += count - dropped
            } else {
                filled += count
            }
        }
        return piece[..<filled]
    }

    private func read(from start: Int) throws(LogFileError) -> Int {
        var room: [UInt8] = []
        swap(&room, &piece)
        defer { swap(&room, &piece) }
        var span = room.mutableSpan
        return try unsafe span.withUnsafeMutableBytes { buffer throws(LogFileError) -> Int in
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[start...])
            if let stream { return try unsafe stream.read(into: rest) }
            let wanted = Int(min(UInt64(rest.count), size - min(offset, size)))
            guard wanted > 0 else { return 0 }
            let count = try unsafe file.read(
                at: offset,
                into: UnsafeMutableRawBufferPointer(rebasing: rest[..<wanted])
            )
            offset += UInt64(count)
            return count
        }
    }
}
