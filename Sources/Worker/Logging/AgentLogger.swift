// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging

/// The one logger that everything in the agent inherits.
enum AgentLogger {
    static func make(_ settings: WorkerConfiguration.LogSettings) -> Logger {
        var logger = Logger(label: "steelyard") { label in
            settings.format == "json"
                ? JSONLogHandler(label: label) as any LogHandler : StreamLogHandler.standardError(label: label)
        }
        logger.logLevel = Logger.Level(rawValue: settings.level) ?? .info
        return logger
    }
}
