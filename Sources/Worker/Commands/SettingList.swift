// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The list of all settings in `--help`.
enum SettingList {
    private static let width = 80
    private static let margin = "      "

    /// The list; empty unless help is requested, because each start of the agent reads it several times.
    static let text = isWanted ? makeText() : ""

    private static var isWanted: Bool {
        CommandLine.arguments.contains { ["help", "-h", "-help", "--help"].contains($0) }
    }

    private static func makeText() -> String {
        let entries = Program.current.settings.map { setting in
            let standard = setting.defaultValue == .null ? "" : "; default: \(text(of: setting.defaultValue))"
            return "  \(setting.key)\n" + wrapped(setting.help + " (\(setting.syntax)\(standard))")
        }
        let introduction = """
            Settings of the configuration file. The variable of a setting is its name in upper case, such as \
            \(SettingDescription.variable(of: "log.level")) for log.level; there, commas separate a list's elements.
            """
        return introduction + "\n\n" + entries.joined(separator: "\n")
    }

    /// Wraps text into short lines with a margin.
    private static func wrapped(_ text: String) -> String {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + word.count < width - 1 {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(margin + word)
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func text(of value: SettingValue) -> String {
        switch value {
        case .list(let values): values.isEmpty ? "empty" : values.map(text).joined(separator: ",")
        case .string(let text): text.allSatisfy { $0 == " " } ? "\"\(text)\"" : text
        default: String(decoding: value.json.json, as: UTF8.self)
        }
    }
}
