// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Testing

@testable import SteelyardWorker

/// The table of `steelyard status`.
@Suite struct StatusTextTests {
    private static let report = #"""
        {"time": "2026-11-26 10:00:00.000000",
        "agent": {"name": "steelyard", "release": "1.0-3-g1234567", "pid": 4242, "since": "2026-11-25 08:58:00.000000",
          "driver": "haproxy", "function": "lb-17.example.com", "dry_run": false, "state_dir": "/var/lib/steelyard"},
        "device": {"phase": "serving", "since": "2026-11-26 09:00:12.500000", "config_version": 17},
        "proxy": {"name": "haproxy", "version": "2.6.12-1+deb12u4", "pid": 4250, "since": "2026-11-26 09:30:00.000000",
          "unexpected_ends": 1, "old_processes": [{"pid": 4100, "seconds": 1801}, {"pid": 4200, "seconds": 12}],
          "drift": "server id-a: weight 5 is 1\nfrontend http-in: maxconn", "drift_count": 2},
        "job_servers": [
          {"address": "10.0.0.1:4730", "connected_since": "2026-11-26 06:58:00.000000", "reconnects": 2},
          {"address": "10.0.0.2:4730", "disconnected_since": "2026-11-26 09:59:48.000000", "reconnects": 0,
            "last_error": "cannot connect: Connection refused", "last_error_time": "2026-11-26 09:59:59.000000"}],
        "meter": {"bytes_out": {"tcp": 999, "http": 12345678901}, "last_metrics": "2026-11-26 09:55:00.000000"},
        "last_archive": {"time": "2026-11-26 03:00:00.000000", "handle": "H:gm:1", "action": "ARCHIVE", "result": "PASS",
          "duration_us": 1, "load_balancers": ["lb-1"], "dry_run": false, "objects": 2, "bytes": 12345678},
        "disks": [{"name": "state", "directory": "/var/lib/steelyard", "free_bytes": 1000000000, "total_bytes": 40000000000}],
        "nodes": [
          {"load_balancer_id": "lb-1", "protocol": "HTTP", "id": "web-1", "status": "UP", "since": "2026-11-26 09:00:00.000000"},
          {"load_balancer_id": "lb-1", "protocol": "HTTP", "id": "web-2", "status": "DOWN",
            "since": "2026-11-26 09:57:00.000000",
            "reason": "connection refused (L4CON) by a node that has a very long description of its fault"},
          {"load_balancer_id": "lb-2", "protocol": "TCP", "id": "db\u001b[31m", "status": "DRAINING"}],
        "changes": [
          {"time": "2026-11-26 08:00:00.000000", "handle": "H:gearman-1.example.com:123456", "server": "10.0.0.1:4730",
            "action": "UPDATE", "result": "PASS", "plan": "reload", "duration_us": 95400, "load_balancers": [], "dry_run": false},
          {"time": "2026-11-26 09:00:00.000000", "handle": "H:gearman-1.example.com:123457", "server": "10.0.0.1:4730",
            "action": "UPDATE", "result": "FAIL", "error_code": "address_in_use",
            "error": "loadbalancers[0].port 80 is in use by another program; free it, or choose another port",
            "duration_us": 1900, "load_balancers": [], "dry_run": false},
          {"time": "2026-11-26 09:00:10.000000", "handle": "local", "action": "ENABLE", "result": "PASS", "plan": "runtime",
            "duration_us": 2500000, "load_balancers": [], "dry_run": false}]}
        """#

    private static func decoded(_ change: (String) -> String = { $0 }) throws -> StatusReport {
        try #require(StateFile.decode(StatusReport.self, from: Array(change(report).utf8)))
    }

    @Test func golden() throws {
        let wanted = """
            Device       serving since 2026-11-26 09:00:12 UTC (59 min)
                         config_version 17
            Agent        steelyard 1.0-3-g1234567, process 4242, up 1 d 1 h
                         driver haproxy, function lb-17.example.com
            Proxy        haproxy 2.6.12-1+deb12u4, process 4250, up 30 min
                         ended unexpectedly 1 time since the agent's start
            Old workers  finish their connections:
                         4100 (30 min), 4200 (12 s)
            Drift        another program has changed the device:
                         server id-a: weight 5 is 1
                         frontend http-in: maxconn
            Job servers  10.0.0.1:4730 connected for 3 h 2 min; 2 reconnects
                         10.0.0.2:4730 not connected for 12 s
                           cannot connect: Connection refused
            Meter        http 12.3 GB, tcp 999 B sent since the agent's start
                         last METRICS 5 min ago
            Last ARCHIVE PASS 2026-11-26 03:00:00 UTC (7 h ago), 2 objects, 12.3 MB
            Disk         state: 1.0 GB of 40.0 GB free at /var/lib/steelyard

            Nodes: 1 UP, 1 DOWN, 1 DRAINING
            LOAD BALANCER  NODE          STATUS    FOR    REASON
            lb-1 HTTP      web-1         UP        1 h
            lb-1 HTTP      web-2         DOWN      3 min  connection refused (L4CON) by a n…
            lb-2 TCP       db\\u{1b}[31m  DRAINING

            Changes, latest first
            TIME (UTC)           ACTION  RESULT     TOOK  PLAN     JOB
            2026-11-26 09:00:10  ENABLE  PASS      2.5 s  runtime  local
            2026-11-26 09:00:00  UPDATE  FAIL     1.9 ms           …man-1.example.com:123457
                address_in_use: loadbalancers[0].port 80 is in use by another program; free…
            2026-11-26 08:00:00  UPDATE  PASS    95.4 ms  reload   …man-1.example.com:123456

            """
        let text = StatusText(report: try Self.decoded()).text
        #expect(text == wanted, "\(text)")
    }

    @Test(arguments: [60, 80, 132]) func noLineIsWider(columns: Int) throws {
        let text = StatusText(report: try Self.decoded(), width: columns).text
        for line in text.split(separator: "\n") { #expect(line.count <= columns, "\(line)") }
    }

    @Test func coloursOnlyWhereTheyAreWanted() throws {
        let report = try Self.decoded()
        #expect(!StatusText(report: report).text.contains("\u{1B}"))
        let coloured = StatusText(report: report, style: TextStyle(isColoured: true)).text
        #expect(coloured.contains("\u{1B}[32mserving since"))
        // What comes from outside moves no cursor.
        #expect(!coloured.contains("db\u{1B}"))
        let plain = coloured.replacing(#/\u{1B}\[[0-9]+m/#, with: "")
        #expect(plain == StatusText(report: report).text)
    }

    @Test func deviceThatShouldServe() throws {
        let report = try Self.decoded {
            $0.replacing(#""phase": "serving""#, with: #""phase": "failing", "reason": "HAProxy does not run""#)
        }
        let text = StatusText(report: report).text
        #expect(
            text.hasPrefix(
                """
                Device       should serve and does not
                             HAProxy does not run
                             first seen 2026-11-26 09:00:12 UTC (59 min ago)
                             config_version 17

                """
            ),
            "\(text)"
        )
        #expect(text.contains("Proxy        haproxy 2.6.12-1+deb12u4, when it was last seen\n"))
    }

    @Test func manyNodesAreCounted() throws {
        let nodes = (1...5000).map { #"{"id": "n\#($0)", "status": "\#($0 == 77 ? "DOWN" : "UP")"}"# }
        let report = try Self.decoded { text in
            text.replacing(#""nodes": ["#, with: #""nodes": [\#(nodes.joined(separator: ",")),"#)
        }
        let text = StatusText(report: report).text
        #expect(text.contains("Nodes: 5000 UP, 2 DOWN, 1 DRAINING; 5000 not listed, see --json\n"))
        #expect(text.contains("n77") && !text.contains("n78"))
    }

    @Test func durationsAndBytes() {
        #expect(
            [0, 59, 60, 3599, 3600, 3720, 86_400, 90_000].map { DisplayText.duration(seconds: $0) }
                == ["0 s", "59 s", "1 min", "59 min", "1 h", "1 h 2 min", "1 d", "1 d 1 h"]
        )
        #expect(
            [0, 12_345, 999_949, 999_950, 59_999_999, 60_000_000].map { DisplayText.duration(microseconds: $0) }
                == ["0.0 ms", "12.3 ms", "999.9 ms", "0.9 s", "59.9 s", "1 min"]
        )
        let counts: [UInt64] = [0, 999, 1000, 999_999, 1_000_000, 12_345_678_901, .max]
        #expect(
            counts.map(DisplayText.bytes)
                == ["0 B", "999 B", "1.0 kB", "999.9 kB", "1.0 MB", "12.3 GB", "9223372.0 TB"]
        )
    }

    @Test(arguments: ["2026-11-26 10:00:00.000001", "1970-01-01 00:00:00.000000", "2000-02-29 23:59:59.999999"])
    func times(_ text: String) throws {
        #expect(try #require(StatusTime(text)).timestamp.description == text)
    }

    @Test(arguments: [
        "", "2026-11-26", "2026-13-01 00:00:00.000000", "2026-02-30 00:00:00.000000", "a-b-c d:e:f.g",
        "2026-11-26 10:00:00.1", "99999999999999999999-01-01 00:00:00.000000",
    ])
    func noTimes(_ text: String) { #expect(StatusTime(text) == nil) }
}
