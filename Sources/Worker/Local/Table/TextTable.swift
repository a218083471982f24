// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Rows of cells in columns that fit a width: the last column gives way.
struct TextTable {
    struct Cell {
        let text: String
        var style = TextStyle.Kind.plain
        /// Whether the end of a text that is too long is shown, and not its beginning.
        var keepsEnd = false
    }

    private struct Column {
        let title: String
        let greatestWidth: Int
        let isRight: Bool
    }

    private static let gap = "  "

    private var columns: [Column] = []
    private var rows: [(cells: [Cell], note: Cell?)] = []

    /// Adds a column.
    mutating func column(_ title: String, atMost width: Int, isRight: Bool = false) {
        columns.append(Column(title: title, greatestWidth: width, isRight: isRight))
    }

    /// Adds a row with a cell for each column, and a line under it.
    mutating func row(_ cells: [Cell], note: Cell? = nil) { rows.append((cells, note)) }

    /// The lines, none longer than the width.
    func lines(width: Int, style: TextStyle) -> [String] {
        let widths = widths(of: width)
        let titles = columns.map { Cell(text: $0.title, style: .title) }
        return ([(titles, nil)] + rows).flatMap { cells, note in
            let line = line(cells, widths, style)
            guard let note else { return [line] }
            return [line, "    " + style.apply(note.style, DisplayText.cut(note.text, width: width - 4))]
        }
    }

    private func widths(of width: Int) -> [Int] {
        var left = width
        return columns.enumerated().map { index, column in
            let longest = rows.map { $0.cells[index].text.unicodeScalars.count }.max() ?? 0
            let isLast = index == columns.count - 1
            let wanted = max(column.title.count, longest)
            let own = isLast ? max(1, min(wanted, left)) : min(wanted, column.greatestWidth)
            left -= own + Self.gap.count
            return own
        }
    }

    private func line(_ cells: [Cell], _ widths: [Int], _ style: TextStyle) -> String {
        let parts = zip(zip(cells, columns), widths).enumerated().map { index, part in
            let ((cell, column), width) = part
            let text = DisplayText.cut(cell.text, width: width, keepsEnd: cell.keepsEnd)
            let padding = String(repeating: " ", count: max(0, width - text.unicodeScalars.count))
            let styled = style.apply(cell.style, text)
            if column.isRight { return padding + styled }
            return index == columns.count - 1 ? styled : styled + padding
        }
        let line = parts.joined(separator: Self.gap)
        return String(line.reversed().drop { $0 == " " }.reversed())
    }
}
