// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Shows how far a job has come, on a terminal and nowhere else.
struct ProgressBar {
    private static let width = 40

    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let began = ContinuousClock.now
    private var isShown = false

    mutating func show(_ numerator: UInt32, of denominator: UInt32) {
        guard isTerminal, denominator > 0 else { return }
        let share = min(1, Double(numerator) / Double(denominator))
        let filled = Int(share * Double(Self.width))
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
        write("\r[\(bar)] \(Int(share * 100)) %\(left(share))\u{1B}[K")
        isShown = true
    }

    /// Takes the bar away again.
    mutating func clear() {
        if isShown { write("\r\u{1B}[K") }
        isShown = false
    }

    private func left(_ share: Double) -> String {
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        guard share > 0.01, share < 1, seconds > 1 else { return "" }
        return "  \(Int(seconds / share * (1 - share)) + 1) s left"
    }

    private func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
