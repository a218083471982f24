// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A list of cipher suites for TLS 1.2 and older, in OpenSSL's format: the field `tls_ciphers`.
public struct TLSCiphers: Hashable, Sendable, CustomStringConvertible {
    /// The list.
    public let description: String

    /// Validates a list.
    ///
    /// - Throws: `InvalidValue` for anything but 1 to 2,048 letters, digits and `-+!:@=_.`.
    public init(_ text: String) throws(InvalidValue) { try self.init(text.utf8.span) }

    init(_ text: Span<UInt8>) throws(InvalidValue) {
        guard (1...2048).contains(text.count) else {
            throw InvalidValue("must have 1 to 2048 characters, not \(text.count)")
        }
        guard text.allSatisfy(Self.allows) else {
            throw InvalidValue(
                "may contain only letters, digits and -+!:@=_., as in OpenSSL's lists, not \(Excerpt.quote(String(text)))"
            )
        }
        description = String(ascii: text)
    }

    private static let others = Set("-+!:@=_.".utf8)

    private static func allows(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x61...0x7A ~= byte | 0x20 || others.contains(byte)
    }
}
