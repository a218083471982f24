// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The two containers of an upload.
enum StoreContainer: Hashable {
    /// The container of the object.
    case objects
    /// The container of the object's segments.
    case segments
}
