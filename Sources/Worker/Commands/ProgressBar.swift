// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Shows how far a job has come, on a terminal and nowhere else.
struct ProgressBar {
    private static let width = 40

    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let began = ContinuousClock.now
    private var isShown = false

    /// - Parameter isInBytes: Whether what is counted are bytes, so that there is a rate to be told.
    mutating func show(_ done: UInt64, of total: UInt64, isInBytes: Bool) {
        guard isTerminal, total > 0 else { return }
        write("\r\(Self.text(done, of: total, isInBytes: isInBytes, after: ContinuousClock.now - began))\u{1B}[K")
        isShown = true
    }

    /// Takes the bar away again.
    mutating func clear() {
        if isShown { write("\r\u{1B}[K") }
        isShown = false
    }

    /// The bar with the percentage, the rate and the time left, where they can be told yet.
    static func text(_ done: UInt64, of total: UInt64, isInBytes: Bool, after time: Duration) -> String {
        let share = min(1, Double(done) / Double(total))
        let filled = Int(share * Double(width))
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
        var text = "[\(bar)] \(Int(share * 100)) %"
        let seconds = time / .seconds(1)
        guard seconds > 1, share > 0 else { return text }
        if isInBytes { text += "  \(rate(Double(done) / seconds))" }
        if share > 0.01, share < 1 { text += "  \(Int(seconds / share * (1 - share)) + 1) s left" }
        return text
    }

    private static func rate(_ bytes: Double) -> String {
        bytes >= 1e6 ? "\(Int(bytes / 1e6)) MB/s" : "\(Int(bytes / 1e3)) kB/s"
    }

    private func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
