// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Masks secrets in texts: configurations, JSON, command lines, logs and URLs.
///
/// It finds them by names: the value after a word such as `password`, `token` or `access_key` is masked. It rather masks
/// too much. A value that has a name in one text is masked in all texts.
struct SecretMask {
    /// How a text separates names from values.
    enum Syntax {
        /// By a colon or an equals sign.
        case log
        /// Also by a space.
        case configuration
    }

    static let replacement = "(masked)"
    /// Shorter values would be found within other words.
    private static let leastKnownLength = 6
    /// The least length of a value that is masked only where it is a whole word.
    private static let leastWordLength = 4
    /// A shorter value that has small letters only may be a word that stands in many places.
    private static let longestWord = 12
    /// Schemes of the header Authorization, which come before the secret.
    private static let schemes: Set<String> = ["basic", "bearer", "token", "negotiate", "digest"]

    /// Values that are masked within words, too.
    private var known: Set<[UInt8]> = []
    /// Values that are masked as whole words only.
    private var knownWords: Set<[UInt8]> = []

    /// Masks a value everywhere.
    ///
    /// - Parameter isSure: Whether it is a secret even if it looks like an ordinary word.
    mutating func add(_ secret: some Sequence<UInt8>, isSure: Bool = false) {
        let secret = Array(secret)
        let text = String(decoding: secret, as: UTF8.self)
        guard text != Self.replacement, !Self.schemes.contains(text.lowercased()) else { return }
        let isWord = secret.count <= Self.longestWord && secret.allSatisfy { 0x61...0x7A ~= $0 || $0 == 0x5F }
        if secret.count >= Self.leastKnownLength, !isWord {
            known.insert(secret)
        } else if isSure, secret.count >= Self.leastWordLength {
            knownWords.insert(secret)
        }
    }

    /// Finds the secrets of a text by their names and forms, and learns their values.
    ///
    /// - Returns: Their places, by their beginnings; they may overlap.
    mutating func learn(_ text: [UInt8], _ syntax: Syntax) -> [Range<Int>] {
        var scanner = SecretScanner(text: text, spacesSeparate: syntax == .configuration)
        var places: [Range<Int>] = []
        while let secret = scanner.next() {
            // A value that is masked already.
            if text[secret.place.lowerBound...].starts(with: Self.replacement.utf8) { continue }
            places.append(secret.place)
            if secret.weight != .masked { learn(text[secret.place], isSure: secret.weight == .sure) }
        }
        return places
    }

    /// Masks the secrets of a text.
    ///
    /// - Parameter places: The places that ``learn(_:_:)`` has returned for this text. Known values are masked, too.
    func masked(_ text: [UInt8], _ places: [Range<Int>] = []) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var copied = 0
        var maskedTo = -1
        // Both kinds refer to the original text: a replacement could otherwise hide the name of another secret.
        for place in (places + knownPlaces(in: text)).sorted(by: { $0.lowerBound < $1.lowerBound }) {
            guard place.upperBound > copied else { continue }
            if place.lowerBound > copied || maskedTo < copied {
                result += text[copied..<max(copied, place.lowerBound)]
                result += Array(Self.replacement.utf8)
            }
            copied = place.upperBound
            maskedTo = copied
        }
        return result + text[copied...]
    }

    private func knownPlaces(in text: [UInt8]) -> [Range<Int>] {
        // The longest first: one may be the beginning of another.
        let all = known.union(knownWords).sorted { $0.count > $1.count }
        let byFirst = Dictionary(grouping: all, by: { $0[0] })
        var places: [Range<Int>] = []
        var index = 0
        while index < text.count {
            let secret = byFirst[text[index]]?.first { secret in
                text[index...].starts(with: secret)
                    && (known.contains(secret) || Self.isWhole(index..<(index + secret.count), in: text))
            }
            if let secret { places.append(index..<(index + secret.count)) }
            index += secret?.count ?? 1
        }
        return places
    }

    private static func isWhole(_ place: Range<Int>, in text: [UInt8]) -> Bool {
        func isPart(_ index: Int) -> Bool {
            guard text.indices.contains(index) else { return false }
            let byte = text[index]
            return 0x30...0x39 ~= byte || 0x41...0x5A ~= byte || 0x61...0x7A ~= byte || byte == 0x5F
        }
        // The letter of an escape such as \n does not belong to the word.
        let isEscape = place.lowerBound >= 2 && text[place.lowerBound - 2] == UInt8(ascii: "\\")
        return (isEscape || !isPart(place.lowerBound - 1)) && !isPart(place.upperBound)
    }

    private mutating func learn(_ secret: ArraySlice<UInt8>, isSure: Bool) {
        if secret.first == UInt8(ascii: "{") || secret.first == UInt8(ascii: "[") { return learnStrings(of: secret) }
        for part in secret.split(whereSeparator: { $0 <= 0x20 }) {
            let part = Self.trimmed(part)
            guard let first = part.first, !"%/{".utf8.contains(first) else { continue }
            add(part, isSure: isSure)
            // USER:PASSWORD
            if let colon = part.firstIndex(of: UInt8(ascii: ":")) { add(part[(colon + 1)...], isSure: isSure) }
        }
    }

    /// Learns the strings of an object or a list, without the names of members.
    private mutating func learnStrings(of value: ArraySlice<UInt8>) {
        let parts = value.split(separator: UInt8(ascii: "\""), omittingEmptySubsequences: false)
        for index in stride(from: 1, to: parts.count - 1, by: 2) {
            let isName = parts[index + 1].first { $0 > 0x20 } == UInt8(ascii: ":")
            if !isName { add(Self.trimmed(parts[index])) }
        }
    }

    private static func trimmed(_ part: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isMark = { (byte: UInt8) in "\"'\\".utf8.contains(byte) }
        var part = part.drop(while: isMark)
        while let last = part.last, isMark(last) { part.removeLast() }
        return part
    }
}
