// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The answer to `show stat`: lines of comma-separated values below a line of column names.
struct StatisticsTable: Sendable {
    /// One proxy or server.
    struct Row: Sendable {
        fileprivate let columns: [String: Int]
        fileprivate let values: [Substring]

        /// The value in a column; empty if there is none.
        subscript(name: String) -> Substring {
            guard let index = columns[name], index < values.count else { return "" }
            return values[index]
        }
    }

    /// The rows in HAProxy's order.
    let rows: [Row]

    /// Parses an answer.
    ///
    /// - Returns: nil for any other text.
    init?(_ answer: String) {
        let lines = Substring(answer).fields(UInt8(ascii: "\n"))
        guard let head = lines.first, head.hasPrefix("# ") else { return nil }
        let names = Self.values(head.dropFirst(2))
        let columns = Dictionary(names.enumerated().map { (String($0.element), $0.offset) }) { first, _ in first }
        guard columns["pxname"] != nil, columns["svname"] != nil else { return nil }
        rows = lines.dropFirst().map { Row(columns: columns, values: Self.values($0)) }
    }

    /// Splits a line at its commas, except within quotes; a check result may contain any text.
    private static func values(_ line: Substring) -> [Substring] {
        guard line.utf8.contains(UInt8(ascii: "\"")) else {
            return line.fields(UInt8(ascii: ","), omittingEmpty: false)
        }
        var values: [Substring] = []
        var isQuoted = false
        var start = line.startIndex
        for index in line.utf8.indices {
            switch line.utf8[index] {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ",") where !isQuoted:
                values.append(line[start..<index])
                start = line.utf8.index(after: index)
            default: break
            }
        }
        return (values + [line[start...]]).map { value in
            value.count >= 2 && value.hasPrefix("\"") && value.hasSuffix("\"") ? value.dropFirst().dropLast() : value
        }
    }
}

extension Substring {
    /// The parts between separators; compares bytes, for thousands of rows.
    func fields(_ separator: UInt8, omittingEmpty: Bool = true) -> [Substring] {
        utf8.split(separator: separator, omittingEmptySubsequences: omittingEmpty).map(Substring.init)
    }
}
