// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import SteelyardCore

/// The settings of the group `folder`.
public struct FolderSettings: Sendable {
    let root: String

    public init(_ settings: inout SettingReader) throws(SettingError) {
        root = try settings.path(
            "root",
            default: "/srv/archive",
            "The directory of all containers, such as a mounted share."
        )
    }
}
