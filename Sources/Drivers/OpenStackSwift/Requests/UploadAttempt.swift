// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The identifier of one attempt of an upload, which distinguishes its object and segments from those of other
/// attempts, including those of killed agents.
struct UploadAttempt: Hashable, Sendable, CustomStringConvertible {
    private let number: UInt64

    /// Creates a random 64-bit identifier.
    init() { self.init(number: .random(in: 0...UInt64.max)) }

    init(number: UInt64) { self.number = number }

    /// Parses an identifier.
    ///
    /// - Returns: nil unless the text is 16 lower-case hexadecimal digits.
    init?(_ text: some StringProtocol) {
        guard text.utf8.count == 16, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 }),
            let number = UInt64(text, radix: 16)
        else { return nil }
        self.number = number
    }

    /// 16 lower-case hexadecimal digits.
    var description: String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    /// The next attempt.
    var next: UploadAttempt { UploadAttempt(number: number &+ 1) }
}
