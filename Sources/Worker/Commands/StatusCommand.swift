// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import SteelyardCore
import SteelyardSystem

/// `steelyard status`.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the device and its agent, without a job server.",
        discussion: """
            Asks the agent by the socket control.sock in its state directory; run it as root or as the agent's user. If no \
            agent runs, it shows the last changes from the state directory.

            Device: serving, suspended, deleted, not configured, or should serve and does not, with the reason.
            Proxy: the program that serves. Old workers finish the connections that they have.
            Drift: what another program has changed.
            Meter: the bytes sent to clients since the agent's start.
            Changes: the last 20. TOOK is the time from taking the job to its reply; PLAN is how the change was made.

            Exits with 0 if the device is as it should be: serving, suspended, deleted or not configured; with 1 if it \
            should serve and does not; with 69 if no agent runs or it does not answer; with 77 if the user may not ask it.
            """
    )

    /// How long the agent has to answer: it needs a second at most.
    private static let answerLimit = Duration.seconds(10)
    private static let watchMilliseconds: Int32 = 2000

    @OptionGroup var options: LocalOptions

    @Flag(help: "Print the status as one line of JSON.")
    var json = false

    @Flag(help: "Show it again every 2 seconds, until Ctrl-C.")
    var watch = false

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        let client = ControlClient(folder: try options.stateDirectory())
        guard watch else { return try await show(client) }
        repeat {
            do { try await show(client, isFirst: false) } catch let code as ExitCode {
                // Standard output was closed. What else may be wrong may get right again.
                if code.rawValue == EX_IOERR { return }
            }
        } while await !isOutputClosed()
    }

    /// Shows the status once.
    ///
    /// - Throws: An exit with the code that the status has.
    private func show(_ client: ControlClient, isFirst: Bool = true) async throws {
        let answer: [UInt8]
        do throws(ControlClient.Failure) { answer = try await client.ask(.status, within: Self.answerLimit) } catch {
            if !json { try showHistory(client) }
            Program.fail(error.message)
            throw ExitCode(error.code)
        }
        guard let report = StateFile.decode(StatusReport.self, from: answer) else {
            Program.fail("the agent is of another version than this program; restart it, or use --json")
            if json { try Program.write(answer) }
            throw ExitCode(EX_UNAVAILABLE)
        }
        try Program.write(json ? answer : Array(clear + text(report)))
        if report.device.phase == .failing { throw ExitCode.failure }
    }

    private func text(_ report: StatusReport) -> [UInt8] {
        Array(StatusText(report: report, width: width, style: .of(STDOUT_FILENO)).text.utf8)
    }

    /// What can be shown without an agent.
    private func showHistory(_ client: ControlClient) throws {
        let history: History
        do throws(FileError) { history = try HistoryFile.read(in: client.folder) } catch { return }
        guard !history.changes.isEmpty else { return try Program.write(clear) }
        let lines = StatusText.changes(history.changes, width: width, style: .of(STDOUT_FILENO))
        try Program.write(clear + Array((lines.joined(separator: "\n") + "\n").utf8))
    }

    /// Clears the terminal if the status is shown again and again.
    private var clear: [UInt8] {
        watch && isatty(STDOUT_FILENO) == 1 ? Array("\u{1B}[H\u{1B}[2J".utf8) : []
    }

    private var width: Int { max(60, Terminal.columns(of: STDOUT_FILENO) ?? 80) }

    /// Waits for the next time.
    ///
    /// - Returns: Whether standard output was closed meanwhile.
    private func isOutputClosed() async -> Bool {
        let closed = try? await DedicatedThread.run(name: "watch") {
            var waited = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
            return unsafe poll(&waited, 1, Self.watchMilliseconds) > 0
        }
        return closed ?? true
    }
}
