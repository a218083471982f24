// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import SteelyardCore

/// The settings of the group `table`.
public struct TableSettings: Sendable {
    let file: String?
    let separator: String

    public init(_ settings: inout SettingReader) throws(SettingError) {
        file = try settings.optionalPath(
            "file",
            "The file that the proxy watches. If null, table.txt in the state directory."
        )
        separator = try settings.string("separator", default: " ", "The text between two columns.")
    }
}
