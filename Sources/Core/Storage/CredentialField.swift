// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A field of an ARCHIVE that gives access to a store.
public struct CredentialField: Hashable, Sendable {
    /// The field's name, such as `hpcs_object_store_token`.
    public let name: String
    /// Whether an ARCHIVE without it fails.
    public let isRequired: Bool
    /// Whether its value must be in no log, no error and no object's name.
    public let isSecret: Bool

    /// Creates a field.
    public init(_ name: String, isRequired: Bool = true, isSecret: Bool = true) {
        self.name = name
        self.isRequired = isRequired
        self.isSecret = isSecret
    }
}
