// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore

/// Logs the state of the connection to one job server, each change once, and keeps it for other readers.
final class ConnectionLog {
    /// The time at startup before an unreachable job server is logged as a warning.
    private static let startLimit = Duration.seconds(1)

    private let metadata: Logger.Metadata
    private let logger: Logger
    private let state: ConnectionState
    private let started = ContinuousClock.now
    /// nil until the first state was logged.
    private var isConnected: Bool?
    /// The error codes logged since the connection was made.
    private var loggedCodes: Set<String> = []
    private static let greatestCodeCount = 8

    init(server: GearmanServer, function: String, state: ConnectionState, logger: Logger) {
        metadata = [LogKeys.gearmanServer: "\(server)", LogKeys.gearmanFunction: "\(function)"]
        self.state = state
        self.logger = logger
    }

    func noteConnected() {
        state.noteConnected()
        loggedCodes = []
        guard isConnected != true else { return }
        isConnected = true
        logger.notice("taking jobs", metadata: metadata)
    }

    func noteLost(_ reason: String) {
        state.noteLost(reason)
        let isNew: Bool
        switch isConnected {
        case false?: isNew = false
        case nil where ContinuousClock.now - started < Self.startLimit: isNew = false
        case nil, true?:
            isConnected = false
            isNew = true
        }
        logger.log(
            level: isNew ? .warning : .debug,
            "job server unreachable; retrying",
            metadata: metadata.merging([LogKeys.error: "\(reason)"]) { $1 }
        )
    }

    func noteRefusal(code: String, text: String) {
        let isNew = loggedCodes.count < Self.greatestCodeCount && loggedCodes.insert(code).inserted
        logger.log(
            level: isNew ? .warning : .debug,
            "job server refused a packet",
            metadata: metadata.merging([LogKeys.error: "\(code): \(text)"]) { $1 }
        )
    }
}
