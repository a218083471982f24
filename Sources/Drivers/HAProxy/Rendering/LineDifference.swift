// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardSystem

/// A line-by-line difference between two texts with some context, similar to `diff -u`.
enum LineDifference {
    /// Compares two texts.
    ///
    /// - Parameters:
    ///   - limit: The maximum number of lines; a note counts the rest.
    /// - Returns: An empty text if they are equal.
    static func describe(from old: String, to new: String, limit: Int = 400) -> String {
        guard old != new else { return "" }
        let before = lines(old)
        let after = lines(new)
        let difference = after.difference(from: before)
        var removed: Set<Int> = []
        var inserted: Set<Int> = []
        for change in difference {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        var result: [String] = []
        var (one, other) = (0, 0)
        while one < before.count || other < after.count {
            if removed.contains(one) {
                result.append("-\(before[one])")
                one += 1
            } else if inserted.contains(other) {
                result.append("+\(after[other])")
                other += 1
            } else {
                result.append(" \(after[other])")
                one += 1
                other += 1
            }
        }
        return shortened(result, limit)
    }

    /// Removes lines that are not near a change.
    private static func shortened(_ lines: [String], _ limit: Int) -> String {
        let context = 2
        var isNear = [Bool](repeating: false, count: lines.count)
        for (index, line) in lines.enumerated() where !line.hasPrefix(" ") {
            for near in max(0, index - context)...min(lines.count - 1, index + context) { isNear[near] = true }
        }
        var result: [String] = []
        for (index, line) in lines.enumerated() {
            if isNear[index] {
                result.append(line)
            } else if result.last != "…" {
                result.append("…")
            }
        }
        guard result.count > limit else { return result.joined(separator: "\n") }
        return (result.prefix(limit) + ["… and \(result.count - limit) more lines"]).joined(separator: "\n")
    }

    private static func lines(_ text: String) -> [Substring] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last == "" { lines.removeLast() }
        return lines
    }
}

extension LineDifference {
    /// Compares haproxy.cfg with the file that will replace it.
    ///
    /// - Parameters:
    ///   - file: The bytes of haproxy.cfg; nil if there is none.
    ///   - served: The committed state.
    ///   - new: The new text; empty to remove the file.
    /// - Returns: The lines that differ, without the lines of a file that Steelyard did not write: they may contain
    ///   passwords.
    static func describe(file: [UInt8]?, of served: DeviceState.Served?, to new: String) -> String {
        guard let file, Fingerprint(file) != served?.checksum, !isOurs(file) else {
            return describe(from: String(decoding: file ?? [], as: UTF8.self), to: new)
        }
        let note = note(of: file)
        return new.isEmpty ? note : note + "\n" + describe(from: "", to: new)
    }

    /// Describes the changes to haproxy.cfg since it was written.
    ///
    /// - Parameters:
    ///   - written: The text that was written.
    ///   - file: The current bytes of haproxy.cfg; nil if there is none.
    /// - Returns: At most 50 lines that differ, by the same rule.
    static func describe(from written: String, toFile file: [UInt8]?) -> String {
        if let file, !isOurs(file) { return note(of: file) }
        return describe(from: written, to: String(decoding: file ?? [], as: UTF8.self), limit: 50)
    }

    /// Whether Steelyard wrote a file, which may have been edited since.
    private static func isOurs(_ file: [UInt8]) -> Bool { file.starts(with: "# Written by Steelyard".utf8) }

    private static func note(of file: [UInt8]) -> String {
        let count = file.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true).count
        return "… haproxy.cfg was not written by Steelyard; its \(count) lines are not shown"
    }
}
