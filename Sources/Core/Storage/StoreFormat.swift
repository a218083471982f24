// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// What an ARCHIVE for one type of store looks like.
package struct StoreFormat: Hashable, Sendable {
    /// The value of `hpcs_object_store_type`, in lower case.
    package let type: String
    /// The fields that give access.
    package let credentials: [CredentialField]

    /// Creates a format.
    package init(type: String, credentials: [CredentialField]) {
        self.type = type
        self.credentials = credentials
    }
}
