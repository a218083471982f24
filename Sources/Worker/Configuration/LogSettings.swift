// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore

/// The settings of the group `log`.
struct LogSettings: Sendable {
    /// The minimum level.
    var level: Logger.Level
    /// The format of a line.
    var format: LogOutput.Format

    init(_ settings: inout SettingReader) throws(SettingError) {
        level = try settings.choice("level", default: .info, "Minimum level.")
        format = try settings.choice("format", default: .text, "Format of a line.")
    }

    init(level: Logger.Level = .info, format: LogOutput.Format = .text) {
        self.level = level
        self.format = format
    }
}
