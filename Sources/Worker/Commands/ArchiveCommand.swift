// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Glibc
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// `steelyard archive`.
struct ArchiveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "archive",
        abstract: "Archive this device's log to an object store, without a job server.",
        usage: "\(Program.current.name) archive --endpoint <url> --container <container[/prefix]> [<options>]",
        discussion: """
            The token comes from --token-file or the variable STEELYARD_TOKEN; a store with other credentials reads \
            them from variables such as STEELYARD_ACCESS_KEY and STEELYARD_SECRET_KEY. The whole log is archived, \
            regardless of archive.mode; the agent's own archive state does not change.

            Exits with 0 once the store has confirmed the object, and otherwise with 1 and the reason.
            """
    )

    private static let tokenField = "hpcs_object_store_token"

    @Option(
        help: "The object store's type: \(Program.current.stores.map(\.format.type).joined(separator: ", ")).",
        completion: .stores
    )
    var store = Program.current.stores.first?.format.type ?? ""

    @Option(help: "The object store's URL, up to the account.")
    var endpoint: String

    @Option(help: ArgumentHelp("The destination.", valueName: "container[/prefix]"))
    var container: String

    @Option(
        name: .customLong("protocol"),
        help: "Which load balancer's lines: http or tcp.",
        completion: .list(["http", "tcp"])
    )
    var protocolName = "http"

    @Option(
        help: "The load balancer's id, for the name of the object, and to select its lines if several share the device."
    )
    var id = "1"

    @Option(help: "A file with the token; - for standard input.", completion: .file())
    var tokenFile: String?

    @Option(
        help: "The configuration file (JSON5). Default: \(ConfigurationFile.standardPath), where it exists.",
        completion: .configurationFile
    )
    var config: String?

    @Option(help: "Directory for persistent state.", completion: .directory)
    var stateDir: String?

    @Flag(help: "Read, select and compress the log without sending it.")
    var dryRun = false

    func validate() throws {
        guard ["http", "tcp"].contains(protocolName.lowercased()) else {
            throw ValidationError("--protocol must be http or tcp, not '\(protocolName)'.")
        }
        let names = try format.credentials.map(\.name)
        guard tokenFile == nil || names.contains(Self.tokenField) else {
            throw ValidationError("The store '\(store)' needs no token; remove --token-file.")
        }
    }

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        var given: [(option: String, key: String, value: String)] = [
            ("archive", "archive.mode", "full"), ("archive", "log.level", "error"),
        ]
        if let stateDir { given.append(("--state-dir", "state_dir", stateDir)) }
        if dryRun { given.append(("--dry-run", "dry_run", "true")) }
        let configuration = try Program.load(options: given, file: config)
        let message = JSONFragment.object(
            [
                .init("hpcs_action", .string("ARCHIVE")),
                .init("hpcs_object_store_type", .string(try format.type)),
                .init("hpcs_object_store_endpoint", .string(endpoint)),
                .init("hpcs_object_store_basepath", .string(container)),
                .init(
                    "loadbalancers",
                    .array([.object([.init("id", .string(id)), .init("protocol", .string(protocolName.uppercased()))])])
                ),
            ] + (try readCredentials(try format))
        )
        let job = CommandJob()
        let agent = Agent(configuration: configuration, isStandalone: false)
        let reply: [UInt8]
        do { reply = try await job.untilSignal { try await agent.perform(message.json, job: job) } } catch let error
            as ConfigurationError
        {
            Program.fail(error.description)
            throw ExitCode(78)
        }
        job.end()
        try show(reply)
    }

    /// Prints the objects, the parts left out, and the error; not the reply itself, which contains the token.
    private func show(_ reply: [UInt8]) throws {
        guard let reply = ArchiveReply(reply) else { return }
        for object in reply.objects {
            let end = dryRun ? "\tnot sent\n" : "\n"
            let lines = object.lines.map(String.init) ?? "?"
            try Program.write("\(object.object)\t\(lines) lines\t\(object.bytes) bytes" + end)
        }
        for log in reply.leftOut { Program.warn("left out: \(log.file): \(log.reason)") }
        if let count = reply.examinedLines {
            Program.warn("none of the \(count) lines read belongs to this load balancer")
        }
        guard let error = reply.error else { return }
        Program.fail(error)
        throw ExitCode.failure
    }

    private var format: StoreFormat {
        get throws {
            let formats = Program.current.stores.map(\.format)
            guard let format = formats.first(where: { $0.type == store.lowercased() }) else {
                let names = formats.map(\.type).joined(separator: ", ")
                throw ValidationError("--store must be one of \(names), not '\(store)'.")
            }
            return format
        }
    }

    private func readCredentials(_ format: StoreFormat) throws -> [JSONFragment.Member] {
        let environment = ProcessInfo.processInfo.environment
        return try format.credentials.compactMap { field in
            let variable = AgentProgram.variable(of: field)
            if field.name == Self.tokenField { return .init(field.name, .string(try readToken())) }
            if let value = environment[variable], !value.isEmpty { return .init(field.name, .string(value)) }
            guard !field.isRequired else {
                throw ValidationError("\(variable) is not set; the store \(format.type) needs it.")
            }
            return nil
        }
    }

    private func readToken() throws -> String {
        if let tokenFile {
            let words = String(decoding: try MessageSource.read(tokenFile), as: UTF8.self).split(
                whereSeparator: \.isWhitespace
            )
            guard words.count == 1 else { throw ValidationError("\(tokenFile) must contain only a token.") }
            return String(words[0])
        }
        if let token = ProcessInfo.processInfo.environment["STEELYARD_TOKEN"], !token.isEmpty { return token }
        if dryRun { return "dry-run" }
        throw ValidationError("The token is missing: use --token-file, or set STEELYARD_TOKEN.")
    }
}
