// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardSystem

/// Finds a place in a file by the fingerprint of the bytes before it.
///
/// The agent's rotation moves the oldest lines of the log to other files and later removes them. A place may then be in
/// a file whose start no mark contains.
struct LogTailSearch {
    private let size: Int
    private let tail: Fingerprint

    /// - Parameters:
    ///   - size: The number of bytes that the fingerprint covers; 1 or more.
    ///   - tail: Their fingerprint. The last byte is a newline: only line ends are examined.
    init(size: Int, tail: Fingerprint) {
        self.size = size
        self.tail = tail
    }

    /// Finds the first place in a file that has these bytes before it.
    ///
    /// - Returns: The bytes of the file's content before the place, decompressed, and whether it is the only one; nil if the
    ///   place is not in the file.
    /// - Throws: `LogFileError` if the file cannot be opened.
    func find(in file: LogFile) throws(LogFileError) -> (offset: UInt64, isOnly: Bool)? {
        let content = try LogFileContent(file)
        var window: [UInt8] = []
        var windowStart: UInt64 = 0
        var first: UInt64?
        while true {
            let piece = content.next()
            guard !piece.isEmpty else { return first.map { ($0, true) } }
            var examined = window.count
            window += piece
            while let end = end(in: window, from: examined) {
                if let first { return (first, false) }
                first = windowStart + UInt64(end)
                examined = end
            }
            let dropped = max(0, window.count - size)
            window.removeFirst(dropped)
            windowStart += UInt64(dropped)
        }
    }

    /// Returns the place in a part of the content.
    private func end(in window: [UInt8], from start: Int) -> Int? {
        unsafe window.withUnsafeBytes { bytes -> Int? in
            guard let base = bytes.baseAddress else { return nil }
            var position = start
            while position < bytes.count, let found = unsafe memchr(base + position, 0x0A, bytes.count - position) {
                let end = unsafe UnsafeRawPointer(found) - base + 1
                let isFound =
                    unsafe end >= size
                    && Fingerprint(UnsafeRawBufferPointer(rebasing: bytes[end - size..<end])) == tail
                if isFound { return end }
                position = end
            }
            return nil
        }
    }
}
