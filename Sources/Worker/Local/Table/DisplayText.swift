// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// Values as `steelyard status` shows them.
enum DisplayText {
    /// A duration in one or two units: `12 s`, `5 min`, `3 h 2 min`, `5 d 3 h`.
    static func duration(seconds: Int) -> String {
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400)
        if minutes == 0 { return "\(seconds) s" }
        if hours == 0 { return "\(minutes) min" }
        if days == 0 { return minutes % 60 == 0 ? "\(hours) h" : "\(hours) h \(minutes % 60) min" }
        return hours % 24 == 0 ? "\(days) d" : "\(days) d \(hours % 24) h"
    }

    /// A short duration: `12.3 ms`, `1.2 s`, `5 min`.
    static func duration(microseconds: Int64) -> String {
        switch microseconds {
        case ..<999_950: "\(tenths(microseconds, of: 1000)) ms"
        case ..<60_000_000: "\(tenths(microseconds, of: 1_000_000)) s"
        default: duration(seconds: Int(microseconds / 1_000_000))
        }
    }

    /// A number of bytes in decimal units: `999 B`, `1.2 kB`, `3.4 GB`.
    static func bytes(_ count: UInt64) -> String {
        if count < 1000 { return "\(count) B" }
        var unit: UInt64 = 1000
        for name in ["kB", "MB", "GB", "TB"] {
            if count / 1000 < unit || name == "TB" {
                return "\(tenths(Int64(clamping: count), of: Int64(unit))) \(name)"
            }
            unit *= 1000
        }
        return "\(count) B"
    }

    /// A number and a noun, `1 node` or `2 nodes`.
    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    /// A text from outside, on one line and without anything that a terminal obeys, cut to a width.
    static func safe(_ text: String, width: Int = .max, keepsEnd: Bool = false) -> String {
        cut(Excerpt.line(text), width: width, keepsEnd: keepsEnd)
    }

    /// A text of at most this many characters; what is cut off is shown as `…`.
    static func cut(_ text: String, width: Int, keepsEnd: Bool = false) -> String {
        let scalars = text.unicodeScalars
        guard scalars.count > max(1, width) else { return text }
        let kept = max(1, width) - 1
        return keepsEnd
            ? "…" + String(String.UnicodeScalarView(scalars.suffix(kept)))
            : String(String.UnicodeScalarView(scalars.prefix(kept))) + "…"
    }

    private static func tenths(_ value: Int64, of unit: Int64) -> String {
        let tenths = value / (unit / 10)
        return "\(tenths / 10).\(tenths % 10)"
    }
}
