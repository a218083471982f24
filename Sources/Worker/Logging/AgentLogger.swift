// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore

/// The one logger that everything in the agent inherits.
enum AgentLogger {
    static func make(_ output: LogOutput) -> Logger {
        Logger(label: "steelyard") { label in
            AgentLogHandler(label: label, output: output, metadataProvider: CurrentJob.metadataProvider)
        }
    }
}
