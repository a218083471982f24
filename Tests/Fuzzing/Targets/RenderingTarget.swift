// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

@testable import HAProxyDriver

extension FuzzTarget {
    /// An UPDATE as haproxy.cfg and as commands: no value of the message starts a line, a command or a comment.
    static let rendering = FuzzTarget(name: "rendering") { payload in
        guard let document = try? JSONDocument(payload), let message = try? Message(document),
            case .update(let set) = message.action
        else { return }
        for facts in [
            DeviceFacts(hasIPv6: true, hasNameServer: true, descriptorLimit: nil),
            DeviceFacts(hasIPv6: false, hasNameServer: false, descriptorLimit: 64),
        ] {
            let renderer = HAProxyRenderer(try HAProxyConfiguration(stateDirectory: "/state"), facts)
            let serving = renderer.render(set, isSuspended: false)
            let suspended = renderer.render(set, isSuspended: true)
            try checkText(serving.text)
            try checkText(suspended.text)
            try FuzzFailure.requireEqual(serving.fingerprint, suspended.fingerprint, "both have the same fingerprint")
            for rendered in [serving, suspended] {
                let state = DeviceState(rendered)
                try FuzzFailure.requireEqual(DeviceState(record: state.record), state, "the state is read back")
                let plan = ChangePlan(from: RunningState(loaded: rendered), to: rendered)
                try FuzzFailure.requireEqual(plan, .nothing, "there is nothing to change")
            }
            try checkCommands(serving)
        }
    }

    /// The directives that may start a line.
    private static let directives: Set<Substring> = [
        "#", ".if", ".endif", "acl", "backend", "balance", "bind", "cookie", "default-server", "default_backend",
        "defaults",
        "disabled", "dynamic-cookie-key", "frontend", "global", "group", "hard-stop-after", "hash-type", "hold",
        "http-check", "http-error", "http-request", "http-reuse", "load-server-state-from-file", "localpeer", "log",
        "max-spread-checks", "maxconn",
        "mode", "mworker-max-reloads", "option", "parse-resolv-conf", "peers", "resolvers", "retries", "server",
        "server-state-file", "set-var", "spread-checks", "stats", "stick", "stick-table", "tcp-request", "timeout",
        "tune.h1.zero-copy-fwd-send", "tune.http.logurilen", "use_backend", "user",
    ]

    /// The directives with quoted words, which may have any visible character.
    private static let quoting: Set<Substring> = ["acl", "http-error", "http-request"]

    private static func checkText(_ text: String) throws {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            try FuzzFailure.require(words.first.map(directives.contains) ?? false, "a line is a directive: \(line)")
            if let first = words.first, quoting.contains(first) {
                try FuzzFailure.require(
                    line.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F },
                    "a line has no control character: \(line)"
                )
                continue
            }
            try FuzzFailure.require(line.utf8.allSatisfy { 0x20...0x7E ~= $0 }, "a line is visible ASCII: \(line)")
            guard words.first != "#" else { continue }
            try FuzzFailure.require(
                !line.utf8.contains { "\"'\\#$".utf8.contains($0) },
                "HAProxy parses a line into its words: \(line)"
            )
        }
    }

    private static func checkCommands(_ rendered: RenderedConfiguration) throws {
        for server in rendered.servers {
            let changes: [RuntimeChange] = [
                .add(server), .restore(server), .move(server, isDown: true), .remove(server.name),
                .limit(server.name, server.connectionLimit), .moveCheck(server.name, server.check),
            ]
            try changes.flatMap(\.commands).forEach(checkCommand)
        }
        for list in rendered.lists {
            try list.commands(version: 7).forEach(checkCommand)
            try FuzzFailure.require(
                list.bytes.allSatisfy { 0x2E...0x3A ~= $0 || 0x61...0x66 ~= $0 || $0 == UInt8(ascii: "\n") },
                "a list has a network per line"
            )
        }
    }

    private static func checkCommand(_ command: RuntimeCommand) throws {
        try FuzzFailure.require(
            command.text.utf8.allSatisfy {
                0x20...0x7E ~= $0 && $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: "\\")
            },
            "a command is one command: \(command.text)"
        )
    }
}
