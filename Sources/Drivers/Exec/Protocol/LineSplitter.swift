// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Makes lines of the pieces that a stream is read in.
struct LineSplitter {
    /// What a line became.
    enum Line: Equatable {
        case whole([UInt8])
        /// The beginning of a line that is longer than the limit; its rest is dropped.
        case cut([UInt8])
    }

    private let limit: Int
    private var partial: [UInt8] = []
    /// Whether the rest of a line that was cut is still to come.
    private var isSkipping = false

    /// Creates a splitter.
    ///
    /// - Parameter limit: The most bytes of a line, without its newline.
    init(limit: Int) { self.limit = limit }

    /// Takes the next piece.
    ///
    /// - Returns: The lines that have ended in it, or have become too long, without their newlines.
    mutating func add(_ piece: ArraySlice<UInt8>) -> [Line] {
        var lines: [Line] = []
        var rest = piece
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            append(rest[..<end], &lines)
            if !isSkipping { lines.append(.whole(partial)) }
            partial = []
            isSkipping = false
            rest = rest[(end + 1)...]
        }
        append(rest, &lines)
        return lines
    }

    /// Takes note of the stream's end.
    ///
    /// - Returns: A last line that has no newline; nil where there is none.
    mutating func end() -> [UInt8]? {
        defer { partial = [] }
        return partial.isEmpty ? nil : partial
    }

    private mutating func append(_ bytes: ArraySlice<UInt8>, _ lines: inout [Line]) {
        guard !isSkipping else { return }
        guard partial.count + bytes.count > limit else {
            partial += bytes
            return
        }
        lines.append(.cut(partial + bytes.prefix(limit - partial.count)))
        partial = []
        isSkipping = true
    }
}
