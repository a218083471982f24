// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The credentials of an ARCHIVE, by the names of its fields.
///
/// They are secret: they print as three asterisks.
public struct StorageCredentials: Hashable, Sendable, CustomStringConvertible, CustomReflectable,
    ExpressibleByDictionaryLiteral
{
    private let values: [String: StorageToken]

    /// Creates credentials.
    package init(_ values: [String: StorageToken]) { self.values = values }

    /// Creates credentials.
    public init(dictionaryLiteral elements: (String, StorageToken)...) {
        values = Dictionary(elements) { $1 }
    }

    /// The value of a field; nil if the ARCHIVE does not contain it.
    public subscript(_ field: String) -> StorageToken? { values[field] }

    /// Returns the same credentials with another value of a field.
    package func replacing(_ field: String, by value: StorageToken) -> StorageCredentials {
        StorageCredentials(values.merging([field: value]) { $1 })
    }

    /// Three asterisks.
    public var description: String { "***" }

    /// No children, so that no debugger or `dump` prints a secret.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
