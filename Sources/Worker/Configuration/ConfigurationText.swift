// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The effective configuration as a configuration file, with the origin of each value as a comment.
struct ConfigurationText {
    /// The column of the comments, for short values.
    private static let commentColumn = 48

    /// The file's text.
    let text: String

    init(_ settings: [SettingDescription]) {
        var lines = ["{"]
        var open: ArraySlice<Substring> = []
        for setting in settings {
            let path = setting.key.split(separator: ".")[...]
            let groups = path.dropLast()
            while !groups.starts(with: open) {
                open.removeLast()
                lines.append(Self.margin(open.count + 1) + "},")
            }
            for group in groups.dropFirst(open.count) {
                lines.append(Self.margin(open.count + 1) + "\(group): {")
                open.append(group)
            }
            let value = String(decoding: setting.value.json.json, as: UTF8.self)
            let line = Self.margin(path.count) + "\(path.last ?? ""): \(value),"
            let space = String(repeating: " ", count: max(1, Self.commentColumn - line.count))
            lines.append("\(line)\(space)// \(Excerpt.line(setting.origin ?? "default"))")
        }
        for depth in (0..<open.count).reversed() { lines.append(Self.margin(depth + 1) + "},") }
        text = (lines + ["}"]).joined(separator: "\n") + "\n"
    }

    private static func margin(_ depth: Int) -> String { String(repeating: "  ", count: depth) }
}
