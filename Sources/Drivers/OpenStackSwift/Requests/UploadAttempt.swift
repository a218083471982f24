// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Identifies one attempt of an upload, so that its object and its segments are not confused with those of other attempts,
/// also of agents that were killed.
struct UploadAttempt: Hashable, Sendable, CustomStringConvertible {
    private let number: UInt64

    /// Creates a random identifier of 64 bits.
    init() { self.init(number: .random(in: 0...UInt64.max)) }

    init(number: UInt64) { self.number = number }

    /// Reads an identifier.
    ///
    /// - Returns: nil for anything but 16 lower-case hexadecimal digits.
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

    /// The attempt after this one.
    var next: UploadAttempt { UploadAttempt(number: number &+ 1) }
}
