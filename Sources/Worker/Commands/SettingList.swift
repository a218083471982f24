// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The list of all settings that `--help` ends with.
enum SettingList {
    static var text: String {
        let entries = Program.current.settings.map { setting in
            let standard = setting.defaultValue == .null ? "" : "; default: \(text(of: setting.defaultValue))"
            return "\(setting.key) (\(setting.syntax)\(standard))\n    \(setting.help)"
        }
        return """
            Settings of the configuration file. The environment has each by its name in upper case: \
            \(SettingDescription.variable(of: "log.level")) is log.level, and a list has commas.

            \(entries.joined(separator: "\n"))
            """
    }

    private static func text(of value: SettingValue) -> String {
        switch value {
        case .list(let values): values.isEmpty ? "empty" : values.map(text).joined(separator: ",")
        default: String(decoding: value.json.json, as: UTF8.self)
        }
    }
}
