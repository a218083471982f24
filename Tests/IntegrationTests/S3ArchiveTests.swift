// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestServers
import Testing

/// ARCHIVE to S3 by an agent.
@Suite(Requirement.gearmand.trait, Requirement.haproxy.trait, Requirement.moto.trait, .motoServer)
struct S3ArchiveTests {
    /// The parts of a killed agent are removed, and every line is archived once.
    @Test(arguments: ["full", "incremental"])
    func agentKilledInMidUpload(mode: String) async throws {
        let store = try MotoServer.current
        let service = try DeviceTests.Service()
        defer { service.back.stop() }
        let bucket = "killed-\(mode)"
        let parts = Atomic(0)
        // The second part, so that the first one remains.
        let proxy = FaultProxy(to: store.port) { request in
            guard request.isS3Part else { return nil }
            let number = parts.add(1, ordering: .sequentiallyConsistent).oldValue
            return number == 1 ? .stall(after: 100_000) : nil
        }
        let variables = ["STEELYARD_ARCHIVE_MODE": mode, "STEELYARD_ARCHIVE_SEGMENT_BYTES": "1048576"]
        try await proxy.serve { proxy in
            try await withAgent(driver: "haproxy", variables: variables) { agent in
                let wanted = try await agent.fillLog(service)
                let message = message(.owner, proxy.port, bucket)
                let archive = Task { try await agent.send("-", input: message) }
                try await eventually("the second part has started", within: 40) {
                    parts.load(ordering: .sequentiallyConsistent) > 1
                }
                agent.process.send(signal: SIGKILL)
                _ = try await agent.process.wait()
                #expect(try await store.uploads(in: bucket).count == 1)
                let next = try await AgentUnderTest.start(
                    in: agent.folder,
                    servers: agent.servers,
                    driver: "haproxy",
                    variables: variables
                )
                let archived = try await archive.value
                #expect(archived.code == 0, "\(archived.output) \(archived.error)")
                #expect(try await store.uploads(in: bucket) == [])
                try await expectArchived(wanted, bucket, store, agent.folder)
                // The reply contains the request; the logs do not.
                expectNoSecret(in: next.process.errorOutput + agent.process.errorOutput)
                _ = try await next.send("delete")
                await next.process.stop()
            }
        }
    }

    /// The reply contains the store's reason, and no secret.
    @Test func refused() async throws {
        let store = try MotoServer.current
        let service = try DeviceTests.Service()
        defer { service.back.stop() }
        try await withAgent(driver: "haproxy") { agent in
            _ = try await agent.reply(to: service.update())
            let reply = try await agent.reply(to: message(.expired, store.port, "refused"))
            #expect(reply["hpcs_response"] as? String == "FAIL")
            let error = reply["hpcs_error"] as? String ?? ""
            #expect(error.contains("the object store rejects the access key"), "\(error)")
            expectNoSecret(in: error + agent.process.errorOutput)
        }
    }

    private func expectNoSecret(in text: String) {
        for account in [MotoServer.Account.owner, .expired] {
            #expect(!text.contains(account.secretKey))
            if let token = account.sessionToken { #expect(!text.contains(token)) }
        }
    }

    private func expectArchived(
        _ wanted: Set<Substring>,
        _ bucket: String,
        _ store: MotoServer,
        _ folder: URL
    ) async throws {
        var content = Data()
        for key in try await store.keys(in: bucket) {
            content += Data(try #require(try await store.object("\(bucket)/\(key)")).content)
        }
        let file = folder.appending(path: "archive.gz")
        try content.write(to: file)
        let text = String(decoding: try await Command.run("/bin/zcat", [file.path]), as: UTF8.self)
        let lines = text.split(separator: "\n").filter { wanted.contains($0) }
        #expect(lines.count == wanted.count)
        #expect(Set(lines).count == wanted.count)
    }

    private func message(_ account: MotoServer.Account, _ port: Int, _ bucket: String) -> String {
        let token = account.sessionToken.map { #""hpcs_object_store_session_token":"\#($0)","# } ?? ""
        return """
            {"hpcs_action":"ARCHIVE","hpcs_object_store_type":"s3","hpcs_object_store_basepath":"\(bucket)",
            "hpcs_object_store_endpoint":"http://127.0.0.1:\(port)","hpcs_object_store_access_key":"\(account.accessKey)",
            "hpcs_object_store_secret_key":"\(account.secretKey)",\(token)
            "loadBalancers":[{"id":"15","name":"lb #1","protocol":"HTTP"}]}
            """
    }
}
