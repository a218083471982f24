// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// The log of real traffic, shipped to a real OpenStack Swift.
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
            // A path that names the other proxy: a line of this one all the same.
            for number in 0..<50 { _ = try await client.get("/tcp-in/\(number)") }
            client.close()
            let log = agent.folder.appending(path: "state/haproxy.log")
            try await eventually("HAProxy has logged it all") {
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

    /// A dry run reads, picks and compresses, and uploads nothing.
    @Test func dryRun() async throws {
        let store = try OpenStackSwiftServer.current
        try await withAgent(["--dry-run"]) { agent in
            let reply = try await agent.reply(to: message(store, token: store.token, path: "dry/run"))
            // The device of the noop driver was never configured, which a dry run does not change.
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
