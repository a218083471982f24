// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestServers
import Testing

/// Effects of an ARCHIVE that takes long or is interrupted.
@Suite(
    Requirement.gearmand.trait,
    Requirement.haproxy.trait,
    Requirement.openStackSwift.trait,
    .openStackSwiftServer
)
struct ArchiveFaultTests {
    /// A slow upload does not delay other jobs, in one object and in segments.
    @Test(arguments: [5_368_709_120, 1_048_576])
    func statsAndUpdateAreAnsweredBesideAnUpload(_ segmentBytes: Int) async throws {
        let store = try OpenStackSwiftServer.current
        let service = try DeviceTests.Service()
        defer { service.back.stop() }
        let container = "beside-\(segmentBytes)"
        let (uploads, gate) = (Signal(), Signal())
        let proxy = FaultProxy(to: try port(of: store), rate: 1_000_000) { request in
            guard request.isUpload else { return nil }
            uploads.give()
            // Until the other jobs are answered; no duration is measured.
            gate.wait(seconds: 40)
            return nil
        }
        let variables = ["STEELYARD_ARCHIVE_SEGMENT_BYTES": "\(segmentBytes)"]
        try await proxy.serve { proxy in
            try await withAgent(driver: "haproxy", variables: variables) { agent in
                let wanted = try await agent.fillLog(service)
                let message = message(store, proxy.port, container)
                let archive = Task { try await agent.send("-", input: message) }
                try await eventually("the upload has started", within: 25) { uploads.count > 0 }
                let stats = try await agent.reply(to: #"{"hpcs_action":"STATS"}"#)
                #expect(stats["hpcs_response"] as? String == "PASS", "\(stats)")
                let update = try await agent.reply(to: service.update(weight: 2))
                #expect(update["hpcs_response"] as? String == "PASS", "\(update)")
                let early = try await store.names(in: container)
                #expect(early.isEmpty)
                gate.give()
                let archived = try await archive.value
                #expect(archived.code == 0, "\(archived.output)")
                try await expectArchived(wanted, container, store, agent)
            }
        }
    }

    /// The job server assigns the job again, and every line is archived once.
    @Test(arguments: ["full", "incremental"], [5_368_709_120, 1_048_576])
    func agentKilledInMidUpload(mode: String, segmentBytes: Int) async throws {
        let store = try OpenStackSwiftServer.current
        let service = try DeviceTests.Service()
        defer { service.back.stop() }
        let container = "killed-\(mode)-\(segmentBytes)"
        // The second segment, so that the first one remains.
        let fatal = segmentBytes > 1 << 30 ? 1 : 2
        let uploads = Signal()
        let proxy = FaultProxy(to: try port(of: store)) { request in
            guard request.isUpload else { return nil }
            uploads.give()
            return uploads.count == fatal ? .stall(after: 100_000) : nil
        }
        try await store.makeContainer(container)
        try await store.makeContainer(container + "_segments")
        let variables = ["STEELYARD_ARCHIVE_MODE": mode, "STEELYARD_ARCHIVE_SEGMENT_BYTES": "\(segmentBytes)"]
        try await proxy.serve { proxy in
            try await withAgent(driver: "haproxy", variables: variables) { agent in
                let wanted = try await agent.fillLog(service)
                let message = message(store, proxy.port, container)
                let archive = Task { try await agent.send("-", input: message) }
                try await eventually("the upload has started", within: 25) { uploads.count >= fatal }
                agent.process.send(signal: SIGKILL)
                _ = try await agent.process.wait()
                let left = try await store.names(in: container)
                #expect(left.isEmpty)
                let next = try await AgentUnderTest.start(
                    in: agent.folder,
                    servers: agent.servers,
                    driver: "haproxy",
                    variables: variables
                )
                let archived = try await archive.value
                #expect(archived.code == 0, "\(archived.output) \(archived.error)")
                #expect(uploads.count > fatal)
                try await expectArchived(wanted, container, store, next, objects: mode == "full" ? 1...1 : 1...2)
                try await expectNoOrphans(in: container, store)
                _ = try await next.send("delete")
                await next.process.stop()
            }
        }
    }

    private func expectArchived(
        _ wanted: Set<Substring>,
        _ container: String,
        _ store: OpenStackSwiftServer,
        _ agent: AgentUnderTest,
        objects: ClosedRange<Int> = 1...1
    ) async throws {
        let names = try await store.names(in: container)
        #expect(objects.contains(names.count), "\(names)")
        var content = Data()
        for name in names { content += Data(try #require(try await store.object("\(container)/\(name)")).content) }
        let file = agent.folder.appending(path: "archive.gz")
        try content.write(to: file)
        let text = String(decoding: try await Command.run("/bin/zcat", [file.path]), as: UTF8.self)
        let lines = text.split(separator: "\n").filter { wanted.contains($0) }
        #expect(lines.count == wanted.count)
        #expect(Set(lines) == wanted)
    }

    /// Each object has the segments of at most one attempt, and there are no other segments.
    private func expectNoOrphans(in container: String, _ store: OpenStackSwiftServer) async throws {
        let objects = try await store.names(in: container)
        let segments = try await store.names(in: container + "_segments")
        let attempts = Set(segments.map { $0.split(separator: "/").dropLast().joined(separator: "/") })
        for attempt in attempts {
            #expect(objects.contains { attempt.hasPrefix($0 + "/") }, "\(attempt) belongs to no object of \(objects)")
        }
        for object in objects {
            #expect(attempts.count { $0.hasPrefix(object + "/") } <= 1, "\(object) has segments of \(attempts)")
        }
    }

    private func port(of store: OpenStackSwiftServer) throws -> Int {
        try #require(URL(string: store.endpoint)?.port)
    }

    private func message(_ store: OpenStackSwiftServer, _ port: Int, _ container: String) -> String {
        """
        {"hpcs_action":"ARCHIVE","hpcs_object_store_type":"swift","hpcs_object_store_token":"\(store.token)",
        "hpcs_object_store_basepath":"\(container)","hpcs_object_store_endpoint":"http://127.0.0.1:\(port)/v1/AUTH_test",
        "loadBalancers":[{"id":"15","name":"lb #1","protocol":"HTTP"}]}
        """
    }
}

/// Counts events, and lets threads wait for the first one.
private final class Signal: Sendable {
    private let given = Mutex(0)
    private let semaphore = DispatchSemaphore(value: 0)

    var count: Int { given.withLock { $0 } }

    func give() {
        given.withLock { $0 += 1 }
        semaphore.signal()
    }

    func wait(seconds: Double) {
        guard semaphore.wait(timeout: .now() + seconds) == .success else { return }
        // Releases the next waiting thread.
        semaphore.signal()
    }
}
