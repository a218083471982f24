// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import SteelyardCore

extension ArchiverDefinition {
    /// Compresses logs with libdeflate and sends them to object stores.
    public static let objectStore = ArchiverDefinition { ObjectStoreArchiver($0, $1) }
}
