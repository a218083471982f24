// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Subprocess
import SystemPackage
import TestServers
import Testing

/// Limits on a worker's process: it works, or it reports the missing resource and ends; it never hangs.
@Suite struct LimitTests {
    @Test(
        arguments: [40, 48, 56, 64, 72, 80, 96, 112, 128, 192, 256, 512, 1024].map { "-v \($0 * 1024)" }
            + [3, 4, 5, 6, 8, 12, 16, 24, 32, 48, 64].map { "-n \($0)" }
    )
    func worksOrEnds(_ limit: String) async throws {
        try await withTemporaryFolder { folder in
            let process = try await ChildProcess.start(
                "/bin/sh",
                [
                    "-c", #"ulimit \#(limit); exec "$0" "$@""#, SteelyardProgram.path, "worker", "--driver", "noop",
                    "--gearman", "127.0.0.1:1", "--state-dir", folder.path + "/state",
                ],
                in: folder,
                name: "worker"
            )
            // It either ends, or logs after a second that no job server answers. A worker that has printed its error may
            // still be running.
            try await eventually("the worker works or ends") {
                process.errorOutput.contains("127.0.0.1:1") || !process.isRunning
            }
            process.send(signal: SIGTERM)
            let code = try await process.wait()
            let lines = process.errorOutput.split(separator: "\n")
            if code == 0 { return #expect(lines.contains { $0.contains("127.0.0.1:1") }, "\(lines)") }
            // The exit codes of the dynamic linker and of the agent.
            #expect([127, 71].contains(code), "\(code) \(lines)")
            #expect(lines.count == 1, "\(lines)")
        }
    }
}
