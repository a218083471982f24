// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A text that contains a private key.
///
/// It prints as three asterisks.
public struct SecretText: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    /// The secret text.
    public let secret: String

    /// Creates a secret.
    public init(_ secret: String) { self.secret = secret }

    /// Three asterisks.
    public var description: String { "***" }

    /// No children, so that no debugger or `dump` prints the secret.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
