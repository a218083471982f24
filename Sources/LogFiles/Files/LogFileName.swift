// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The parsed name of a log file or one of its rotated siblings, as logrotate names them.
package struct LogFileName: Hashable, Sendable {
    /// The age of a file, as far as its name states it.
    package enum Age: Hashable, Sendable {
        /// The current log, which the proxy writes.
        case current
        /// `.1`, `.2`: higher numbers are older.
        case number(Int)
        /// `-20261123`, `.2026-11-23`, `-1795400000`: seconds since 1970; nil for digits that are no known date.
        case time(Int64?)
        /// A number from the agent's own rotation: higher numbers are newer.
        case own(Int)
        /// A suffix without an age, such as `.old` or `-202611`.
        case unknown
    }

    /// The suffix of a file during the agent's rotation: not yet part of the log.
    package static let incompleteSuffix = ".rotating"

    /// The age.
    package let age: Age
    /// The name without the extension of a compression format: a file and its compressed form have the same stem.
    package let stem: String
    /// The format of the file name extension, such as `gzip`; nil for a name without one.
    package let format: String?

    /// Returns the suffix of a file that the agent rotated: sixteen digits, the first of them 0, which no date starts
    /// with.
    package static func suffix(_ number: Int) -> String {
        let digits = String(number)
        return "-" + String(repeating: "0", count: max(0, 16 - digits.count)) + digits
    }

    /// The number of a file that the agent rotated; nil for a file that another program rotated.
    package var number: Int? { if case .own(let number) = age { number } else { nil } }

    /// The name of the current log.
    package static let current = LogFileName(age: .current, stem: "", format: nil)

    /// Parses a name.
    ///
    /// - Parameters:
    ///   - name: The file's name.
    ///   - log: The name of the current log.
    /// - Returns: nil for a file that is not part of the log.
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

    /// Returns the age of `haproxy.log-20261123`, or with logrotate's `extension .log`, of `haproxy-20261123.log`.
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
                // After a dot, many digits are a number, not a date.
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
