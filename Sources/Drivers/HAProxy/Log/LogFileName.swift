// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// What the name of a file says of its place among a log and its rotated siblings, as logrotate names them.
struct LogFileName: Hashable, Sendable {
    enum Age: Hashable, Sendable {
        /// That is written.
        case current
        /// `.1`, `.2`: the greater, the older.
        case number(Int)
        /// `-20261123`, `-20261123-1795400000`: the date, as its digits stand there; or the number that the agent gives.
        case date(String)
    }

    /// The ending of a file that the agent rotates: sixteen digits, which no date has.
    static func suffix(_ number: Int) -> String {
        let digits = String(number)
        return "-" + String(repeating: "0", count: max(0, 16 - digits.count)) + digits
    }

    /// The number of a file that the agent has rotated; nil for one that logrotate has.
    var number: Int? {
        guard case .date(let digits) = age, digits.utf8.count == 16, digits.first == "0" else { return nil }
        return Int(digits)
    }

    let age: Age
    /// Whether it is to be read as gzip.
    let isCompressed: Bool
    /// Whether it is compressed in a way that this driver cannot read.
    let isUnreadable: Bool

    /// Reads a name; nil for a file that is no part of the log.
    ///
    /// - Parameter log: The name of the log itself.
    init?(_ name: String, of log: String) {
        guard name.hasPrefix(log) else { return nil }
        let suffix = name.dropFirst(log.count)
        if suffix.isEmpty {
            self.init(age: .current, isCompressed: false, isUnreadable: false)
        } else if let age = Age(suffix) {
            self.init(age: age, isCompressed: false, isUnreadable: false)
        } else if let dot = suffix.lastIndex(of: "."), let age = Age(suffix[..<dot]) {
            let ending = suffix[dot...].dropFirst()
            guard ending == "gz" || Self.unreadable.contains(String(ending)) else { return nil }
            self.init(age: age, isCompressed: ending == "gz", isUnreadable: ending != "gz")
        } else {
            return nil
        }
    }

    /// The endings of other programs that logrotate can compress with.
    private static let unreadable: Set<String> = ["Z", "br", "bz2", "lz", "lz4", "lzma", "lzo", "xz", "zip", "zst"]

    private init(age: Age, isCompressed: Bool, isUnreadable: Bool) {
        self.age = age
        self.isCompressed = isCompressed
        self.isUnreadable = isUnreadable
    }
}

extension LogFileName.Age {
    fileprivate init?(_ suffix: Substring) {
        let rest = suffix.dropFirst()
        guard rest.contains(where: \.isNumber), rest.utf8.allSatisfy({ 0x30...0x39 ~= $0 || $0 == 0x2D }) else {
            return nil
        }
        switch suffix.first {
        case ".":
            guard let number = Int(rest), number >= 0 else { return nil }
            self = .number(number)
        case "-" where rest.count >= 8 && rest.first != "-": self = .date(String(rest))
        default: return nil
        }
    }

    /// Whether this one is older, where the names alone can tell.
    func isOlder(than other: Self) -> Bool? {
        switch (self, other) {
        case (.current, .current): false
        case (_, .current): true
        case (.current, _): false
        case (.number(let one), .number(let two)): one > two
        case (.date(let one), .date(let two)): one < two
        case (.number, .date), (.date, .number): nil
        }
    }
}
