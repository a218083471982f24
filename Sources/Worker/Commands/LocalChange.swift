// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import SteelyardCore

/// What `steelyard suspend`, `enable` and `delete` have in common.
struct LocalChange: ParsableArguments {
    @Flag(help: "Change this device through its agent's control socket. Required.")
    var local = false

    @OptionGroup var options: LocalOptions

    @Option(help: "The seconds to wait for the reply.")
    var timeout = 120

    func validate() throws {
        guard (1...86_400).contains(timeout) else { throw ValidationError("--timeout must be 1 to 86400 seconds.") }
    }

    /// Explains what to use instead.
    ///
    /// - Throws: `ValidationError` without `--local`.
    func requireLocal(_ kind: ActionKind) throws {
        guard !local else { return }
        let (name, action) = (Program.current.name, kind.rawValue.lowercased())
        throw ValidationError(
            "Add --local to \(action) this device without a job server. '\(name) send \(action)' does it through a job server."
        )
    }

    /// Sends the message to the agent and prints the reply, as `send` does.
    ///
    /// - Throws: An exit with the code that `send` has.
    func perform(_ kind: ActionKind) async throws {
        signal(SIGPIPE, SIG_IGN)
        let client = ControlClient(folder: try options.stateDirectory())
        let message = JSONFragment.object([.init("hpcs_action", .string(kind.rawValue))]).json
        let reply: [UInt8]
        do throws(ControlClient.Failure) {
            reply = try await client.ask(.message(message), within: .seconds(timeout))
        } catch {
            Program.fail(error.message)
            throw ExitCode(error.code)
        }
        try ReplyVerdict.show(reply)
    }

    /// The text of `--help`.
    static func discussion(_ effect: String) -> String {
        """
        \(effect)

        For a device that is cut off from its job servers. The change takes its turn among those of the job servers, and \
        the log has a line that it came locally. The control plane does not know of it.

        Prints the reply. Exits with 0 for PASS, 1 for FAIL, 69 if no agent runs or no reply came in time, 77 if the user \
        may not ask it.
        """
    }
}
