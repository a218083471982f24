// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The token that an ARCHIVE gives for the object store.
///
/// It is a secret: whatever prints it prints three asterisks.
public struct StorageToken: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    /// The token itself, for the one header that it goes into.
    public let secret: String

    /// Checks a token.
    ///
    /// - Throws: `InvalidValue`, which never quotes it, for anything but 1 to 8,192 characters of visible ASCII.
    public init(_ text: String) throws(InvalidValue) {
        guard (1...8192).contains(text.utf8.count), text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            throw InvalidValue("must be 1 to 8192 visible ASCII characters without spaces")
        }
        secret = text
    }

    /// Three asterisks.
    public var description: String { "***" }

    /// No children, so that no debugger or `dump` prints the token.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
