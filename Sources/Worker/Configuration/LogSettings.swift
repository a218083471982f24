// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore

/// `log`: what is logged, and how.
struct LogSettings: Sendable {
    /// The lowest level that is logged.
    var level: Logger.Level
    /// How a line is written.
    var format: LogOutput.Format

    init(_ settings: inout SettingReader) throws(SettingError) {
        level = try settings.choice("level", default: .info, "Lowest level that is logged.")
        format = try settings.choice("format", default: .text, "Form of a line.")
    }

    init(level: Logger.Level = .info, format: LogOutput.Format = .text) {
        self.level = level
        self.format = format
    }
}
