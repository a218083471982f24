// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Picks the lines of one proxy out of a log that comes in pieces, whatever pieces its lines come in.
///
/// It keeps the beginning of a line until it can be told whose the line is, and no more: a line may be of any length.
struct LogLinePicker {
    private let selector: LogLineSelector
    /// The beginning of a line that the last piece ended in, where it is not known yet whose it is.
    private var head: [UInt8] = []
    /// Whether the line that the last piece ended in is picked; nil where that is not known, or no line has begun.
    private var goesOn: Bool?
    /// How many bytes have been taken.
    private(set) var position: UInt64 = 0
    /// Whether the log has ended.
    private(set) var hasEnded = false

    init(_ selector: LogLineSelector) { self.selector = selector }

    /// Takes the next piece; an empty one is the end.
    ///
    /// - Returns: The lines, each with its newline.
    mutating func pick(_ piece: [UInt8]) -> [UInt8] {
        position += UInt64(piece.count)
        guard !piece.isEmpty else { return end() }
        var picked: [UInt8] = []
        picked.reserveCapacity(piece.count)
        var start = 0
        while start < piece.count {
            let newline = piece[start...].firstIndex(of: UInt8(ascii: "\n"))
            let end = newline.map { $0 + 1 } ?? piece.count
            take(piece[start..<end], isWhole: newline != nil, &picked)
            start = end
        }
        return picked
    }

    private mutating func take(_ part: ArraySlice<UInt8>, isWhole: Bool, _ picked: inout [UInt8]) {
        if goesOn == nil {
            if head.isEmpty, isWhole {
                if selector.selects(part.span) { picked += part }
                return
            }
            head += part
            guard isWhole || head.count >= LogLineSelector.headLimit else { return }
            goesOn = selector.selects(head.span)
            if goesOn == true { picked += head }
            head = []
        } else if goesOn == true {
            picked += part
        }
        if isWhole { goesOn = nil }
    }

    private mutating func end() -> [UInt8] {
        hasEnded = true
        let newline = UInt8(ascii: "\n")
        if goesOn == true { return [newline] }
        return !head.isEmpty && selector.selects(head.span) ? head + [newline] : []
    }
}
