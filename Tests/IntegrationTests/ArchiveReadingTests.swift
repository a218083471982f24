// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// Rotated files that take long to open or to decompress.
@Suite(Requirement.gearmand.trait, Requirement.haproxy.trait, .timeLimit(.minutes(3)))
struct ArchiveReadingTests {
    /// Some gigabytes to decompress, and a FIFO without a writer with the name of a rotated file.
    @Test func statsIsAnsweredWhileALogIsDecompressed() async throws {
        let store = try HangingServer()
        defer { store.stop() }
        let service = try DeviceTests.Service()
        defer { service.back.stop() }
        let variables = ["STEELYARD_ARCHIVE_ENDPOINTS": "127.0.0.1"]
        try await withAgent(driver: "haproxy", variables: variables) { agent in
            _ = try await agent.reply(to: service.update())
            let huge = agent.folder.appending(path: "state/haproxy.log.2.gz").path
            // Sixteen members with the same 256 MB of one foreign line.
            let script = """
                head -c 268435456 /dev/zero | tr '\\0' x | gzip -1 > "$0.part" &&
                for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do cat "$0.part"; done > "$0" && rm "$0.part"
                """
            _ = try await Command.run("/bin/sh", ["-c", script, huge])
            #expect(mkfifo(agent.folder.appending(path: "state/haproxy.log.1").path, 0o600) == 0)
            async let archived = agent.send("-", input: message(store.port))
            var isRead = false
            for _ in 0..<3 {
                try await eventually("the file is being read") { hasOpen(huge, agent.process.processIdentifier) }
                let stats = try await agent.reply(to: #"{"hpcs_action":"STATS"}"#)
                #expect(stats["hpcs_response"] as? String == "PASS")
                isRead = isRead || hasOpen(huge, agent.process.processIdentifier)
            }
            #expect(isRead, "the file is still being read when STATS is answered")
            agent.process.send(signal: SIGKILL)
            _ = try await agent.process.wait()
            // The job is assigned again, and the agent has less to read.
            try FileManager.default.removeItem(atPath: huge)
            store.stop()
            let next = try await agent.restarted(driver: "haproxy")
            #expect(try await archived.reply()["hpcs_response"] as? String == "FAIL")
            await next.process.stop()
        }
    }

    private func hasOpen(_ file: String, _ process: Int32) -> Bool {
        let folder = "/proc/\(process)/fd"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.contains { name in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)")) == file
        }
    }

    private func message(_ port: Int) -> String {
        """
        {"hpcs_action":"ARCHIVE","hpcs_object_store_type":"swift","hpcs_object_store_token":"t",
        "hpcs_object_store_basepath":"c","hpcs_object_store_endpoint":"http://127.0.0.1:\(port)/v1/a",
        "loadBalancers":[{"id":"15","protocol":"HTTP"}]}
        """
    }
}
