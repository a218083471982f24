// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import SteelyardTestSupport
import TestServers
import Testing

@testable import HAProxyDriver

/// A real syslog daemon that writes a deleted load balancer's lines after the next one's UPDATE.
@Suite(Requirement.haproxy.trait, Requirement.rsyslog.trait, .timeLimit(.minutes(2)))
struct LateSyslogTests {
    @Test(arguments: ["RSYSLOG_TraditionalFileFormat", "RSYSLOG_FileFormat", "RSYSLOG_SyslogProtocol23Format"])
    func noLateLineIsInTheNextArchive(template: String) async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withTemporaryFolder { folder in
            let rsyslog = try await RsyslogServer.start(in: folder, template: template)
            let result: Result<Void, any Error>
            do { result = .success(try await run(rsyslog, node)) } catch { result = .failure(error) }
            await rsyslog.stop()
            try result.get()
        }
    }

    private func run(_ rsyslog: RsyslogServer, _ node: HTTPBackEnd) async throws {
        try await withDevice(log: rsyslog.log, logTarget: rsyslog.address) { device in
            let set = try LoadBalancerSet([device.http([.local("1", node.port)])])
            try await device.driver.apply(set)
            try await request(device, "old", 5)
            try await eventually("the first lines are written") { rsyslog.text.contains("/old-4 ") }
            rsyslog.hold()
            try await request(device, "late", 20)
            try await device.driver.delete()
            #expect(rsyslog.text.isEmpty)
            try await device.driver.apply(set)
            try await request(device, "new", 5)
            rsyslog.release()
            try await eventually("the delayed lines are written") { rsyslog.text.contains("/new-4 ") }
            try await request(device, "newer", 5)
            try await eventually("all lines are written") { rsyslog.text.contains("/newer-4 ") }
            // The last request may get a response and not be logged when HAProxy ends.
            #expect(count("/late-", in: rsyslog.text) >= 19, "the daemon was late")

            let log = try await device.driver.openLog()
            let archive = String(decoding: try log.lines(of: [LogPart(.http)])[0].bytes, as: UTF8.self)
            #expect(count("/old-", in: archive) == 0 && count("/late-", in: archive) == 0)
            for name in ["/new-", "/newer-"] { #expect(count(name, in: archive) == count(name, in: rsyslog.text)) }
            #expect(count("Proxy http-in stopped", in: archive) == 0)
        }
    }

    private func request(_ device: DeviceUnderTest, _ name: String, _ count: Int) async throws {
        let client = try await HTTPClient(port: device.httpPort)
        defer { client.close() }
        for number in 0..<count { _ = try await client.get("/\(name)-\(number)") }
    }

    private func count(_ word: String, in text: String) -> Int { text.ranges(of: word).count }
}
