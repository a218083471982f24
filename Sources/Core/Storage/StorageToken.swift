// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A secret value of an ARCHIVE, such as the object store's token.
///
/// It prints as three asterisks.
public struct StorageToken: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    /// The secret value, for the request's header only.
    public let secret: String

    /// Checks a token.
    ///
    /// - Throws: `InvalidValue`, which never quotes it, for anything but 1 to 8,192 visible ASCII characters.
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
