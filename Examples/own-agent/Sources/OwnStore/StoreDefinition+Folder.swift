// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import SteelyardCore

extension StoreDefinition {
    /// The store `folder`: an ARCHIVE with `"hpcs_object_store_type": "folder"`.
    public static let folder = StoreDefinition(
        type: "folder",
        credentials: [],
        settings: { reader throws(SettingError) in try FolderSettings(&reader) },
        make: { settings, _ in FolderStore(settings) }
    )
}
