// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardSystem

/// Shows the progress of a job on the terminal; shows nothing if standard error is not a terminal.
struct ProgressBar {
    private static let greatestWidth = 40
    private static let leastWidth = 5

    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let began = ContinuousClock.now
    private var isShown = false

    /// Draws the bar, replacing the previous one.
    ///
    /// - Parameter isInBytes: Whether the unit is bytes, so that a rate can be shown.
    mutating func show(_ done: UInt64, of total: UInt64, isInBytes: Bool) {
        guard isTerminal, total > 0 else { return }
        let time = ContinuousClock.now - began
        let text = Self.text(
            done,
            of: total,
            isInBytes: isInBytes,
            after: time,
            columns: Terminal.columns(of: STDERR_FILENO) ?? 80
        )
        write("\r\(text)\u{1B}[K")
        isShown = true
    }

    /// Removes the bar.
    mutating func clear() {
        if isShown { write("\r\u{1B}[K") }
        isShown = false
    }

    /// The bar with the percentage, and the rate and the remaining time once they are known.
    ///
    /// - Parameter columns: The terminal's width. The text is shorter, because a full line would wrap, and each refresh
    ///   would start a new line.
    static func text(
        _ done: UInt64,
        of total: UInt64,
        isInBytes: Bool,
        after time: Duration,
        columns: Int = 80
    ) -> String {
        let share = min(1, Double(done) / Double(total))
        var figures = ["\(Int(share * 100)) %"]
        let seconds = time / .seconds(1)
        if seconds > 1, share > 0 {
            if isInBytes { figures.append(rate(Double(done) / seconds)) }
            if share > 0.01, share < 1 { figures.append("\(Int(seconds / share * (1 - share)) + 1) s left") }
        }
        var text = figures.joined(separator: "  ")
        while figures.count > 1, text.count >= columns {
            figures.removeLast()
            text = figures.joined(separator: "  ")
        }
        let width = min(greatestWidth, columns - text.count - "[] ".count - 1)
        guard width >= leastWidth else { return text }
        let filled = Int(share * Double(width))
        return "[\(String(repeating: "#", count: filled))\(String(repeating: ".", count: width - filled))] \(text)"
    }

    private static func rate(_ bytes: Double) -> String {
        bytes >= 1e6 ? "\(Int(bytes / 1e6)) MB/s" : "\(Int(bytes / 1e3)) kB/s"
    }

    private func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
