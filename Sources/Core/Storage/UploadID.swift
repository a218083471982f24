// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Identifies one upload of an object across all attempts, including those of killed agents.
///
/// A store keeps it with the object, so that the object can be recognized later as the result of this upload.
public struct UploadID: Hashable, Sendable, CustomStringConvertible {
    /// 32 lower-case hexadecimal digits.
    public let description: String

    /// Creates a random identifier of 128 bits.
    public init() {
        description = (0..<2).map { _ in Self.padded(String(UInt64.random(in: 0...UInt64.max), radix: 16)) }.joined()
    }

    /// Parses an identifier.
    ///
    /// - Returns: nil for anything but 32 lower-case hexadecimal digits.
    public init?(_ text: String) {
        guard text.utf8.count == 32, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 }) else {
            return nil
        }
        description = text
    }

    private static func padded(_ digits: String) -> String {
        String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
