// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A field of an ARCHIVE with a credential for the store.
public struct CredentialField: Hashable, Sendable {
    /// The field's name, such as `hpcs_object_store_token`.
    public let name: String
    /// Whether an ARCHIVE without it fails.
    public let isRequired: Bool
    /// Whether the value must not appear in logs, errors and object names.
    public let isSecret: Bool

    /// Creates a field.
    public init(_ name: String, isRequired: Bool = true, isSecret: Bool = true) {
        self.name = name
        self.isRequired = isRequired
        self.isSecret = isSecret
    }
}
