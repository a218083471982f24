// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The kinds of object store that an ARCHIVE can name: the field `hpcs_object_store_type`.
public enum ObjectStoreKind: String, NamedChoice {
    /// OpenStack Swift.
    case swift = "SWIFT"
}
