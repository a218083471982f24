// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// The log of real traffic, uploaded to a real OpenStack Swift.
@Suite(
    Requirement.gearmand.trait,
    Requirement.haproxy.trait,
    Requirement.openStackSwift.trait,
    .openStackSwiftServer
)
struct ArchiveTests {
    @Test func shipsEveryLineOfTheLoadBalancerAndNoOther() async throws {
        let store = try OpenStackSwiftServer.current
        let service = try DeviceTests.Service()
        defer { service.back.stop() }
        try await withAgent(driver: "haproxy") { agent in
            _ = try await agent.reply(to: service.update())
            let client = try await HTTPClient(port: service.port)
            // A path that names the other proxy: still a line of this one.
            for number in 0..<50 { _ = try await client.get("/tcp-in/\(number)") }
            client.close()
            let log = agent.folder.appending(path: "state/haproxy.log")
            try await eventually("HAProxy has logged all requests") {
                try String(contentsOf: log, encoding: .utf8).contains("/tcp-in/49 ")
            }
            let reply = try await agent.reply(to: message(store, token: store.token, path: "/every-line/logs"))
            #expect(reply["hpcs_response"] as? String == "PASS", "\(reply["hpcs_error"] ?? "")")
            let name = try #require(
                try await store.names(in: "every-line").first { $0.hasPrefix("logs/15/haproxy-") }
            )
            #expect(name.hasSuffix(".log.gz"))
            let object = try #require(try await store.object("every-line/\(name)"))
            let lines = try await gunzip(object.content, in: agent.folder).split(separator: "\n")
            for number in 0..<50 { #expect(lines.count { $0.contains("/tcp-in/\(number) ") } == 1) }
            let written = try String(contentsOf: log, encoding: .utf8).split(separator: "\n")
            let wanted = written.filter { $0.contains(" http-in ") }
            #expect(lines.filter { $0.contains(" http-in ") } == wanted)
            #expect(!agent.process.errorOutput.contains(store.token))
        }
    }

    @Test func refusals() async throws {
        let store = try OpenStackSwiftServer.current
        let host = try #require(URL(string: store.endpoint)?.host())
        let variables = ["STEELYARD_ARCHIVE_ENDPOINTS": host]
        try await withAgent(variables: variables) { agent in
            _ = try await agent.reply(
                to: #"{"hpcs_action":"UPDATE","loadbalancers":[{"protocol":"HTTP","nodes":[]}]}"#
            )
            let wrongToken = try await agent.reply(to: message(store, token: "no-such-token"))
            #expect(wrongToken["hpcs_response"] as? String == "FAIL")
            let error = try #require(wrongToken["hpcs_error"] as? String)
            #expect(error.prefix(128).contains("401"), "\(error)")
            #expect(!error.contains("no-such-token"))
            let elsewhere = message(store, token: store.token).replacing(host, with: "127.0.0.2")
            let refused = try await agent.reply(to: elsewhere)
            #expect((refused["hpcs_error"] as? String)?.contains("archive.endpoints") == true)
            let passed = try await agent.reply(to: message(store, token: store.token))
            #expect(passed["hpcs_response"] as? String == "PASS")
            let log = agent.process.errorOutput
            #expect(!log.contains("no-such-token") && !log.contains(store.token))
        }
    }

    /// With real rotations by logrotate, every request's line is archived once.
    @Test(Requirement.logrotate.trait) func incrementalArchivesOverRotations() async throws {
        let store = try OpenStackSwiftServer.current
        let service = try DeviceTests.Service()
        defer { service.back.stop() }
        try await withAgent(driver: "haproxy", variables: ["STEELYARD_ARCHIVE_MODE": "incremental"]) { agent in
            _ = try await agent.reply(to: service.update())
            let log = agent.folder.appending(path: "state/haproxy.log")
            let rules = agent.folder.appending(path: "logrotate.conf")
            let rule = "\(log.path) { rotate 9\n missingok\n copytruncate\n compress\n }\n"
            try Data(rule.utf8).write(to: rules)
            let client = try await HTTPClient(port: service.port)
            var number = 0
            for _ in 0..<4 {
                for _ in 0..<25 {
                    _ = try await client.get("/request-\(number)-")
                    number += 1
                }
                let last = "/request-\(number - 1)-"
                try await eventually("HAProxy has logged the requests") {
                    try String(contentsOf: log, encoding: .utf8).contains(last)
                }
                let reply = try await agent.reply(to: message(store, token: store.token, path: "incremental/logs"))
                #expect(reply["hpcs_response"] as? String == "PASS", "\(reply["hpcs_error"] ?? "")")
                let state = agent.folder.appending(path: "logrotate.state").path
                _ = try await Command.run(Requirement.logrotate.rawValue, ["-f", "-s", state, rules.path])
            }
            client.close()
            var lines: [Substring] = []
            for name in try await store.names(in: "incremental") {
                let object = try #require(try await store.object("incremental/\(name)"))
                lines += try await gunzip(object.content, in: agent.folder).split(separator: "\n").map { Substring($0) }
            }
            let counts = (0..<number).map { request in lines.count { $0.contains("/request-\(request)- ") } }
            let wrong = counts.enumerated().filter { $0.element != 1 }.map { "\($0.offset): \($0.element)" }
            #expect(wrong.isEmpty, "\(wrong)")
            #expect(Set(lines).count == lines.count)
        }
    }

    @Test func archivesFromTheCommandLine() async throws {
        let store = try OpenStackSwiftServer.current
        let service = try DeviceTests.Service()
        defer { service.back.stop() }
        try await withAgent(driver: "haproxy") { agent in
            _ = try await agent.reply(to: service.update())
            let client = try await HTTPClient(port: service.port)
            for number in 0..<20 { _ = try await client.get("/by-hand/\(number)") }
            client.close()
            let log = agent.folder.appending(path: "state/haproxy.log")
            try await eventually("HAProxy has logged all requests") {
                try String(contentsOf: log, encoding: .utf8).contains("/by-hand/19 ")
            }
            let state = agent.folder.appending(path: "state").path
            let arguments = [
                "archive", "--endpoint", store.endpoint, "--container", "by-hand/logs", "--state-dir", state,
            ]
            func run(
                _ more: [String] = [],
                token: String? = nil,
                endpoints: String? = "127.0.0.1"
            ) async throws
                -> SteelyardProgram.Finished
            {
                let variables = ["STEELYARD_TOKEN": token, "STEELYARD_ARCHIVE_ENDPOINTS": endpoints]
                return try await SteelyardProgram.run(arguments + more, variables: variables.compactMapValues(\.self))
            }
            let dry = try await run(["--dry-run"], token: store.token)
            #expect(dry.code == 0 && dry.output.contains("not sent"), "\(dry.error)")
            #expect(try await store.names(in: "by-hand").isEmpty)

            let token = agent.folder.appending(path: "token")
            try Data("\(store.token)\n".utf8).write(to: token)
            let sent = try await run(["--id", "lb-7", "--token-file", token.path])
            #expect(sent.code == 0 && sent.error.isEmpty && !sent.output.contains(store.token), "\(sent.error)")
            let name = try #require(try await store.names(in: "by-hand").first)
            #expect(name.hasPrefix("logs/lb-7/haproxy-") && sent.output.hasPrefix("by-hand/\(name)\t"))
            let object = try #require(try await store.object("by-hand/\(name)"))
            let lines = try await gunzip(object.content, in: agent.folder)
            for number in 0..<20 { #expect(lines.contains("/by-hand/\(number) ")) }

            let refused = try await run(token: "no-such-token")
            #expect(refused.code == 1 && refused.error.contains("401") && !refused.error.contains("no-such-token"))
            #expect(try await run().code == 64, "without a token")
            for endpoints in ["example.com", "https://127.0.0.1", nil] {
                let elsewhere = try await run(token: store.token, endpoints: endpoints)
                #expect(elsewhere.code == 1 && elsewhere.error.contains("archive.endpoints"), "\(elsewhere.error)")
            }
        }
    }

    /// A dry run reads, selects and compresses, but uploads nothing.
    @Test func dryRun() async throws {
        let store = try OpenStackSwiftServer.current
        try await withAgent(["--dry-run"]) { agent in
            let reply = try await agent.reply(to: message(store, token: store.token, path: "dry/run"))
            // The noop driver's device is not configured; a dry run does not change that.
            #expect(reply["hpcs_dry_run"] as? Bool == true)
            let names = try await store.names(in: "dry")
            #expect(names.isEmpty)
        }
    }

    private func message(_ store: OpenStackSwiftServer, token: String, path: String = "/refusals/logs") -> String {
        """
        {"hpcs_action":"ARCHIVE","hpcs_object_store_type":"swift","hpcs_object_store_token":"\(token)",
        "hpcs_object_store_basepath":"\(path)","hpcs_object_store_endpoint":"\(store.endpoint)",
        "loadBalancers":[{"id":"15","name":"lb #1","protocol":"HTTP"}]}
        """
    }

    private func gunzip(_ bytes: [UInt8], in folder: URL) async throws -> String {
        let file = folder.appending(path: "archive.gz")
        try Data(bytes).write(to: file)
        return String(decoding: try await Command.run("/bin/zcat", [file.path]), as: UTF8.self)
    }
}
