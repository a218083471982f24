// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Splits a stream into lines.
struct LineSplitter {
    /// A complete or truncated line.
    enum Line: Equatable {
        case whole([UInt8])
        /// The start of a line longer than the limit; the rest is dropped.
        case cut([UInt8])
    }

    private let limit: Int
    private var partial: [UInt8] = []
    /// Whether to skip the rest of a truncated line.
    private var isSkipping = false

    /// Creates a splitter.
    ///
    /// - Parameter limit: The most bytes of a line, without its newline.
    init(limit: Int) { self.limit = limit }

    /// Adds the next bytes.
    ///
    /// - Returns: The lines that end in these bytes or exceed the limit, without their newlines.
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

    /// Handles the end of the stream.
    ///
    /// - Returns: A last line without a newline; nil if there is none.
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
