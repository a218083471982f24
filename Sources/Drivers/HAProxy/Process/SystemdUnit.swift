// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SystemPackage

/// A systemd unit, controlled through systemctl.
struct SystemdUnit: Sendable {
    let name: String
    private let program: ExternalProgram
    private let timeout: Duration

    init(_ name: String, systemctl: FilePath, within timeout: Duration) {
        self.name = name
        self.timeout = timeout
        program = ExternalProgram(systemctl, option: "haproxy.service")
    }

    /// Where to find the unit's messages.
    var advice: String { "see journalctl -u \(name)" }

    /// Whether the unit is active; false while it is being started.
    func isActive() async throws(DriverError) -> Bool {
        try await systemctl("is-active").isSuccess
    }

    /// Starts the unit, and returns when it is ready.
    ///
    /// - Throws: `DriverError` with systemctl's message.
    /// - Parameter limit: The time limit.
    func start(within limit: Duration) async throws(DriverError) {
        let limit = max(timeout, limit)
        var ending = try await systemctl("start", within: limit)
        // systemd refuses to start a unit that failed several times in a row, even if the cause was fixed.
        if !ending.isSuccess, ending.output.contains("attempted too often"),
            try await systemctl("reset-failed").isSuccess
        {
            ending = try await systemctl("start", within: limit)
        }
        guard ending.isSuccess else { throw refusal("start", ending.output, advice) }
    }

    /// Stops the unit; does nothing if it does not run.
    ///
    /// - Throws: `DriverError` with systemctl's message.
    func stop() async throws(DriverError) {
        let ending = try await systemctl("stop")
        guard ending.isSuccess else { throw refusal("stop", ending.output, advice) }
    }

    /// Stops the unit, also while it is being started, without waiting for the result.
    func giveUp() async {
        _ = try? await program.run(["--no-ask-password", "--no-block", "stop", name], within: .seconds(2))
    }

    private func systemctl(
        _ verb: String,
        within limit: Duration? = nil
    ) async throws(DriverError) -> ExternalProgram.Ending {
        let timeout = limit ?? timeout
        do throws(DriverError) {
            return try await program.run(["--no-ask-password", verb, name], within: timeout)
        } catch {
            guard error.code == .timedOut else { throw error }
            throw DriverError(
                .timedOut,
                "systemctl \(verb) \(name) did not end within \(timeout.components.seconds) s; \(advice)"
            )
        }
    }

    private func refusal(_ verb: String, _ output: String, _ advice: String) -> DriverError {
        let words = Self.oneLine(output)
        let isForbidden = ["authentication required", "Access denied", "Permission denied"].contains(
            where: words.contains
        )
        return DriverError(
            .unavailable,
            isForbidden
                ? "the agent may not \(verb) \(name); add a polkit rule for its user, or run it as root: \(words)"
                : "systemctl \(verb) \(name) failed, \(advice): \(words)"
        )
    }

    private static func oneLine(_ output: String) -> String {
        let lines = output.split(whereSeparator: \.isNewline).joined(separator: " ")
        let words = String(String.UnicodeScalarView(lines.unicodeScalars.map { 0x20...0x7E ~= $0.value ? $0 : "?" }))
        return words.count > 200 ? words.prefix(199) + "…" : words
    }
}
