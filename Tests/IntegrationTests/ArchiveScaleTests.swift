// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestServers
import Testing

/// A large log with every kind of line, archived while HAProxy logs and logrotate runs.
///
/// `STEELYARD_TEST_LOG_BYTES` sets the size, 40 MB by default.
@Suite(
    Requirement.gearmand.trait,
    Requirement.haproxy.trait,
    Requirement.logrotate.trait,
    Requirement.openStackSwift.trait,
    .openStackSwiftServer
)
struct ArchiveScaleTests {
    private static let byteCount =
        ProcessInfo.processInfo.environment["STEELYARD_TEST_LOG_BYTES"].flatMap { Int($0) } ?? 40_000_000
    /// Lines that a filter may assign to the other load balancer, cannot parse, or finds too long.
    private static let oddLines: [[UInt8]] = {
        let head =
            "10.0.0.1:5000 [24/Nov/2026:10:00:00.000] http-in http-servers/id-1 0/0/0/1/1 200 10 - - ---- 1/1/0/0/0 0/0 "
        let tcp = "10.0.0.1:5000 [24/Nov/2026:10:00:00.000] tcp-in tcp-servers/id-1 0/0/0 10 -- 1/1/0/0/0 0/0"
        return [
            Array((head + #""GET /tcp-in/tcp-servers HTTP/1.1""#).utf8),
            Array(("Nov 24 10:00:00 lb-1 haproxy[77]: " + head + #""GET /prefixed HTTP/1.1""#).utf8),
            Array((tcp + " http-in http-servers/").utf8),
            Array("10.0.0.1:5000 [24/Nov/2026:10:00:00.000] http-in/1: SSL handshake failure".utf8),
            Array("Server http-servers/id-1 is UP, reason: Layer4 check passed, check duration: 0ms.".utf8),
            Array("Server tcp-servers/id-1 is UP, reason: Layer4 check passed, check duration: 0ms.".utf8),
            Array("Proxy http-in stopped (cumulated conns: FE: 1, BE: 0).".utf8),
            Array((head + #""GET /"#).utf8) + [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)
                + Array(#" HTTP/1.1""#.utf8),
            Array((head + #""GET /"#).utf8) + [0, 0xFF, 0xC0, 0x80, 0] + Array(#" HTTP/1.1""#.utf8),
            Array("an unknown text about http-in".utf8), [],
        ]
    }()
    /// Independent of the agent's code: matches the field that names the proxy.
    private static let filter = #"""
        import re, sys
        field = re.compile(
            rb"(?:[A-Z][a-z]{2} [ \d]\d [\d:]{8} \S+ haproxy\[\d+\]: )?"
            rb"(?:\S+ \[[^\]]*\] (?:http-in[~ /:])|Server http-servers/|Proxy http-in )")
        for name in sys.argv[1:]:
            with open(name, "rb") as lines:
                sys.stdout.buffer.writelines(line for line in lines if field.match(line))
        """#

    @Test func everyLineWhileHAProxyLogsAndLogrotateRuns() async throws {
        let store = try OpenStackSwiftServer.current
        let service = try DeviceTests.Service()
        defer { service.back.stop() }
        try await withAgent(driver: "haproxy") { agent in
            _ = try await agent.reply(to: service.update())
            let old = try await writeOldLogs(agent)
            let log = agent.folder.appending(path: "state/haproxy.log")
            let isDone = Flag()
            async let requests: Void = request(service.port, until: isDone)
            try await eventually("HAProxy has logged") { try numbers(in: Data(contentsOf: log)).count >= 50 }
            let seen = try numbers(in: Data(contentsOf: log))
            async let rotations = rotate(agent, until: isDone)
            let reply: [String: Any]
            do {
                defer { isDone.set() }
                let sent = try await SteelyardProgram.run(
                    [
                        "send", "--gearman", agent.servers[0], "--function", AgentUnderTest.function, "--timeout",
                        "600", "-",
                    ],
                    input: Array(message(store).utf8)
                )
                reply = try sent.reply()
            }
            #expect(reply["hpcs_response"] as? String == "PASS", "\(reply["hpcs_error"] ?? "")")
            try await requests
            #expect(try await rotations > 0)

            let name = try #require(try await store.names(in: "scale").first)
            let object = try #require(try await store.object("scale/\(name)"))
            let packed = agent.folder.appending(path: "archive.gz")
            let archive = try await unpack(object.content, packed)
            #expect(archive.starts(with: old), "the archive does not start with the matching lines of the old files")
            let live = try numbers(in: archive.dropFirst(old.count))
            #expect(live.starts(with: seen), "earlier lines are missing or out of order")
            #expect(zip(live, live.dropFirst()).allSatisfy { $0 < $1 }, "a line is duplicated or out of order")
        }
    }

    /// Writes two rotated files, one of them compressed.
    ///
    /// - Returns: Their lines that match the filter.
    private func writeOldLogs(_ agent: AgentUnderTest) async throws -> Data {
        let python = Environment.testPython
        let maker = Environment.packageFolder.appending(path: "Benchmarks/payloads/makelog.py").path
        let older = agent.folder.appending(path: "state/haproxy.log.2")
        let newer = agent.folder.appending(path: "state/haproxy.log.1")
        let odd = Data(Self.oddLines.joined(separator: [UInt8(ascii: "\n")])) + Data("\n".utf8)
        for (seed, file) in [(1, older), (2, newer)] {
            let made = try await Command.run(
                "/bin/sh",
                ["-c", "exec \(python) \(maker) \(Self.byteCount / 2) \(seed) > \(file.path)"]
            )
            #expect(made.isEmpty)
            let handle = try FileHandle(forWritingTo: file)
            try handle.seekToEnd()
            try handle.write(contentsOf: odd)
            try handle.close()
        }
        let picked = agent.folder.appending(path: "picked")
        let filter = agent.folder.appending(path: "filter.py")
        try Data(Self.filter.utf8).write(to: filter)
        let command = "exec \(python) \(filter.path) \(older.path) \(newer.path) > \(picked.path)"
        _ = try await Command.run("/bin/sh", ["-c", command])
        _ = try await Command.run("/bin/gzip", ["-1", older.path])
        return try Data(contentsOf: picked, options: .alwaysMapped)
    }

    private func request(_ port: Int, until isDone: Flag) async throws {
        let client = try await HTTPClient(port: port)
        defer { client.close() }
        var number = 0
        while !isDone.isSet {
            _ = try await client.get("/live-\(number)-")
            number += 1
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    /// - Returns: The number of runs.
    private func rotate(_ agent: AgentUnderTest, until isDone: Flag) async throws -> Int {
        let rules = agent.folder.appending(path: "logrotate.conf")
        let state = agent.folder.appending(path: "logrotate.state").path
        let log = agent.folder.appending(path: "state/haproxy.log").path
        try Data("\(log) { rotate 999\n copytruncate\n compress\n delaycompress\n }\n".utf8).write(to: rules)
        var count = 0
        repeat {
            _ = try await Command.run(Requirement.logrotate.rawValue, ["-f", "-s", state, rules.path])
            count += 1
            try await Task.sleep(for: .milliseconds(200))
        } while !isDone.isSet
        return count
    }

    private func unpack(_ bytes: [UInt8], _ file: URL) async throws -> Data {
        try Data(bytes).write(to: file)
        _ = try await Command.run("/bin/gzip", ["-d", file.path])
        return try Data(contentsOf: file.deletingPathExtension(), options: .alwaysMapped)
    }

    /// The numbers of the requests in the order of their lines; throws on a line of the other proxy.
    private func numbers(in log: some DataProtocol) throws -> [Int] {
        try String(decoding: log, as: UTF8.self).split(separator: "\n").compactMap { line in
            guard let range = line.range(of: "GET /live-") else {
                guard !line.contains(" tcp-in ") else { throw ServerFailure("line of the other proxy: \(line)") }
                return nil
            }
            return Int(line[range.upperBound...].prefix { $0.isNumber })
        }
    }

    private func message(_ store: OpenStackSwiftServer) -> String {
        """
        {"hpcs_action":"ARCHIVE","hpcs_object_store_type":"swift","hpcs_object_store_token":"\(store.token)",
        "hpcs_object_store_basepath":"scale","hpcs_object_store_endpoint":"\(store.endpoint)",
        "loadBalancers":[{"id":"15","name":"lb #1","protocol":"HTTP"}]}
        """
    }
}

private final class Flag: Sendable {
    private let value = Mutex(false)

    var isSet: Bool { value.withLock { $0 } }

    func set() { value.withLock { $0 = true } }
}
