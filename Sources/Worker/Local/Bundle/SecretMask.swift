// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Takes secrets out of texts: of configurations, JSON, command lines, logs and URLs.
///
/// It goes by names: what follows a word such as `password`, `token` or `access_key` is masked. It rather masks too much.
/// A value that was masked once is masked wherever else it stands.
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
    /// A shorter value that has small letters only may be a word that stands in many places.
    private static let longestWord = 12

    private var known: Set<[UInt8]> = []

    /// Has a value masked wherever it stands, unless it may well be an ordinary word.
    mutating func add(_ secret: some Sequence<UInt8>) {
        let secret = Array(secret)
        guard secret.count >= Self.leastKnownLength, secret != Array(Self.replacement.utf8) else { return }
        let isWord = secret.count <= Self.longestWord && secret.allSatisfy { 0x61...0x7A ~= $0 || $0 == 0x5F }
        if !isWord { known.insert(secret) }
    }

    /// Masks by names.
    mutating func mask(_ text: [UInt8], _ syntax: Syntax) -> [UInt8] {
        var scanner = SecretScanner(text: text, spacesSeparate: syntax == .configuration)
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var copied = 0
        while let secret = scanner.next() {
            result += text[copied..<secret.lowerBound] + Array(Self.replacement.utf8)
            copied = secret.upperBound
            learn(text[secret])
        }
        return result + text[copied...]
    }

    /// Masks the values that were masked elsewhere.
    func maskKnown(_ text: [UInt8]) -> [UInt8] {
        // The longest first: one may be the beginning of another.
        let byFirst = Dictionary(grouping: known.sorted { $0.count > $1.count }, by: { $0[0] })
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            if let secret = byFirst[text[index]]?.first(where: { text[index...].starts(with: $0) }) {
                result += Array(Self.replacement.utf8)
                index += secret.count
            } else {
                result.append(text[index])
                index += 1
            }
        }
        return result
    }

    private mutating func learn(_ secret: ArraySlice<UInt8>) {
        for part in secret.split(whereSeparator: { $0 <= 0x20 }) {
            add(part)
            // USER:PASSWORD
            if let colon = part.firstIndex(of: UInt8(ascii: ":")) { add(part[(colon + 1)...]) }
        }
    }
}
