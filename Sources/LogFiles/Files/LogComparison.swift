// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Compares the content of two files with the same stem.
struct LogComparison {
    private let one: LogFile
    private let other: LogFile

    init(_ one: LogFile, _ other: LogFile) {
        self.one = one
        self.other = other
    }

    /// The file whose content is a prefix of the other's; the second of two files with the same content.
    ///
    /// nil if the contents differ. A truncated compressed file is compared up to its readable end.
    var containedFile: LogFile? {
        guard one.head.starts(with: other.head) || other.head.starts(with: one.head) else { return nil }
        guard let first = try? LogFileContent(one), let second = try? LogFileContent(other) else { return nil }
        while true {
            let (left, right) = (first.next(), second.next())
            // Only the last piece of a file is shorter than others.
            if right.starts(with: left), left.count < right.count { return one }
            guard left.starts(with: right) else { return nil }
            if right.count < left.count || right.isEmpty { return other }
        }
    }
}
