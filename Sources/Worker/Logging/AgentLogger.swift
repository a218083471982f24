// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore

/// The logger that all parts of the agent inherit.
enum AgentLogger {
    static func make(_ output: LogOutput) -> Logger {
        Logger(label: "steelyard") { label in
            AgentLogHandler(label: label, output: output, metadataProvider: CurrentJob.metadataProvider)
        }
    }
}
