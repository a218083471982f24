// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// What the name of a file says of its place among a log and its rotated siblings, as logrotate names them.
package struct LogFileName: Hashable, Sendable {
    /// The age of a file, as far as its name states it.
    package enum Age: Hashable, Sendable {
        /// The file that is written.
        case current
        /// `.1`, `.2`: the greater, the older.
        case number(Int)
        /// `-20261123`, `.2026-11-23`, `-1795400000`: seconds since 1970; nil for digits that are no known date.
        case time(Int64?)
        /// The number that the agent gives: the greater, the newer.
        case own(Int)
        /// An ending that states neither, such as `.old` or `-202611`.
        case unknown
    }

    /// The ending of what is becoming a file that the agent rotates: no part of the log yet.
    package static let incompleteSuffix = ".rotating"

    /// The age.
    package let age: Age
    /// The name without the ending of a compression format: a file and what is compressed from it have the same.
    package let stem: String
    /// The format that the ending stands for, such as `gzip`; nil for a name without such an ending.
    package let format: String?

    /// The ending of a file that the agent rotates: sixteen digits, the first of which is 0, which no date has.
    package static func suffix(_ number: Int) -> String {
        let digits = String(number)
        return "-" + String(repeating: "0", count: max(0, 16 - digits.count)) + digits
    }

    /// The number of a file that the agent has rotated; nil for one that another program has.
    package var number: Int? { if case .own(let number) = age { number } else { nil } }

    /// The name of the log itself.
    package static let current = LogFileName(age: .current, stem: "", format: nil)

    /// Reads a name.
    ///
    /// - Parameters:
    ///   - name: The file's name.
    ///   - log: The name of the log itself.
    /// - Returns: nil for a file that is no part of the log.
    package init?(_ name: String, of log: String) {
        guard name != log else {
            self = .current
            return
        }
        var stem = name[...]
        var format: String?
        if let dot = name.lastIndex(of: "."), let known = Compression.format(ending: name[dot...].dropFirst()) {
            (stem, format) = (name[..<dot], known)
        }
        guard let age = Self.age(of: stem, log) else { return nil }
        self.init(age: age, stem: String(stem), format: format)
    }

    private init(age: Age, stem: String, format: String?) {
        self.age = age
        self.stem = stem
        self.format = format
    }

    /// The age of `haproxy.log-20261123`, or with logrotate's `extension .log`, of `haproxy-20261123.log`.
    private static func age(of stem: Substring, _ log: String) -> Age? {
        if stem.hasPrefix(log) {
            let ending = stem.dropFirst(log.count)
            guard ending != incompleteSuffix else { return nil }
            if let age = age(ofEnding: ending) { return age }
            // `haproxy.logs` is another log.
            guard let first = ending.utf8.first, !isLetterOrDigit(first) else { return nil }
            return .unknown
        }
        guard let dot = log.lastIndex(of: "."), dot != log.startIndex else { return nil }
        let (base, ending) = (log[..<dot], log[dot...])
        guard stem.count > log.count, stem.hasPrefix(base), stem.hasSuffix(ending) else { return nil }
        let middle = stem.dropFirst(base.count).dropLast(ending.count)
        if let age = age(ofEnding: middle) { return age }
        // `haproxy-errors.log` is another log.
        guard let separator = middle.utf8.first, !isLetterOrDigit(separator), let next = middle.utf8.dropFirst().first
        else {
            return nil
        }
        return 0x30...0x39 ~= next || ["old", "bak"].contains(middle.dropFirst()) ? .unknown : nil
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x41...0x5A ~= byte & 0xDF || byte >= 0x80
    }

    private static func age(ofEnding ending: Substring) -> Age? {
        guard let separator = ending.first, [".", "-", "_"].contains(separator) else { return nil }
        let digits = ending.dropFirst()
        if digits.utf8.count == 16, digits.first == "0", separator == "-", let number = plainNumber(digits) {
            return .own(number)
        }
        if let statement = LogFileTime.read(digits) {
            guard case .time(let time) = statement else {
                // A number of many digits after a dot is a number.
                return separator == "." ? plainNumber(digits).map { .number($0) } ?? .time(nil) : .time(nil)
            }
            return .time(time)
        }
        return separator == "." ? plainNumber(digits).map { .number($0) } : nil
    }

    private static func plainNumber(_ digits: Substring) -> Int? {
        guard digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        return Int(digits)
    }
}
