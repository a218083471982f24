// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The format of an ARCHIVE for one type of store.
package struct StoreFormat: Hashable, Sendable {
    /// The value of `hpcs_object_store_type`, in lower case.
    package let type: String
    /// The credential fields.
    package let credentials: [CredentialField]

    /// Creates a format.
    package init(type: String, credentials: [CredentialField]) {
        self.type = type
        self.credentials = credentials
    }
}
