// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SteelyardCore
import Testing

@testable import NginxDriver

struct ReloadLogTests {
    private static let before = "2026/11/26 06:32:46 [notice] 10#10: start worker processes\n"

    @Test func aReloadIsOverWhenNoOldWorkerAcceptsConnections() throws {
        try expect(
            nil,
            """
            2026/11/26 06:32:47 [notice] 10#10: reconfiguring
            2026/11/26 06:32:47 [notice] 10#10: start worker processes
            2026/11/26 06:32:47 [notice] 10#10: start worker process 13
            2026/11/26 06:32:47 [notice] 11#11: gracefully shutting down
            2026/11/26 06:32:47 [notice] 10#10: worker process 12 exited with code 0

            """
        )
    }

    @Test func aReloadWithoutTheEndOfAnOldWorkerTimesOut() throws {
        try expect(
            .timedOut,
            """
            2026/11/26 06:32:47 [notice] 10#10: start worker processes
            2026/11/26 06:32:47 [notice] 11#11: gracefully shutting down
            not a log line
            2026/11/26 06:32:47 [notice] 12#12: gracefully shutt
            """
        )
    }

    @Test func aFailureIsReportedWithItsCause() throws {
        let error = try expect(
            .rejected,
            """
            2026/11/26 06:32:47 [crit] 11#11: a worker's failure
            2026/11/26 06:32:47 [emerg] 10#10: bind() to 127.0.0.1:80 failed (98: Address already in use)
            2026/11/26 06:32:48 [notice] 10#10: try again to bind() after 500ms
            2026/11/26 06:32:49 [emerg] 10#10: still could not bind()

            """
        )
        #expect(error?.message == "bind() to 127.0.0.1:80 failed (98: Address already in use)")
    }

    /// Simulates that the master 10 replaces the workers 11 and 12, with these lines in its log.
    @discardableResult
    private func expect(_ code: DriverError.Code?, _ lines: String) throws -> DriverError? {
        let path = "/tmp/nginx-tests-\(UInt32.random(in: 0...UInt32.max)).log"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(Self.before.utf8).write(to: URL(filePath: path))
        let log = try ReloadLog(path)
        try Data((Self.before + lines).utf8).write(to: URL(filePath: path))
        do throws(DriverError) {
            try log.waitForReload(by: 10, replacing: [11, 12], until: .now + .milliseconds(50))
        } catch {
            #expect(error.code == code)
            return error
        }
        #expect(code == nil)
        return nil
    }
}
