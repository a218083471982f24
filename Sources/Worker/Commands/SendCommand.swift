// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import SteelyardCore
import SteelyardSystem

/// `steelyard send`.
struct SendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "Submit one message as a Gearman client, and print the reply.",
        usage: "\(Program.current.name) send [<options>] (<action> [<file>] | <file> | -)",
        discussion: """
            steelyard send discover          a message without other fields
            steelyard send update lb.json    the object in the file, with the action added
            steelyard send message.json      the unchanged file
            steelyard send -                 the unchanged standard input

            On a terminal, the reply is printed on multiple lines, and the last line is PASS, or FAIL with the reason.

            Exits with 0 for PASS, 1 for FAIL, 69 if no server is reachable, no worker serves the function or no \
            reply arrives in time, and 74 if the reply cannot be written.
            """
    )

    @OptionGroup var options: SharedOptions

    @Option(help: "The seconds to wait for the reply.")
    var timeout = 120

    @Flag(help: "Print the reply on multiple lines.")
    var pretty = false

    @Flag(help: "Submit a background job, and print its handle.")
    var background = false

    @Argument(help: "An action, a file with a message, or -.", completion: .actionsAndFiles)
    var message: String

    @Argument(help: "With an action: the file with the rest of the message, or -.", completion: .file())
    var file: String?

    func validate() throws {
        guard (1...86_400).contains(timeout) else { throw ValidationError("--timeout must be 1 to 86400 seconds.") }
        guard file == nil || (try? ActionKind(named: message)) != nil else {
            let names = ActionKind.allCases.map { $0.rawValue.lowercased() }.joined(separator: ", ")
            throw ValidationError("'\(message)' is not an action; before a file there must be one of \(names).")
        }
    }

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        let configuration = try Program.load(options: options.given, file: options.config)
        _ = try Program.ending(78) { try Agent.makeTLSContext(configuration) }
        let payload =
            if let kind = try? ActionKind(named: message) {
                try MessageSource.message(kind, file: file)
            } else {
                try MessageSource.read(message, orAction: true)
            }
        let submission = Submission(
            payload: payload,
            servers: configuration.servers,
            tls: configuration.tls.map { TLSContextSource($0) },
            function: configuration.function,
            timeout: .seconds(timeout),
            isBackground: background
        )
        let result = try await DedicatedThread.run(name: "gearman") { submission.run() }
        switch result {
        case .reply(let reply):
            try ReplyVerdict.show(reply, isIndented: pretty)
        case .handle(let handle):
            try Program.write(handle + "\n")
        case .nothing(let reason):
            Program.fail(reason)
            throw ExitCode(EX_UNAVAILABLE)
        }
    }
}
