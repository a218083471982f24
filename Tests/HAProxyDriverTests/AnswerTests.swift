// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem
import Testing

@testable import HAProxyDriver

/// Answers of HAProxy 2.6, recorded from real processes.
@Suite
struct AnswerTests {
    @Test
    func processesAreRead() throws {
        let answer = """
            #<PID>          <type>          <reloads>       <uptime>        <version>      
            20869           master          3 [failed: 1]   0d00h00m01s     2.6.12-1+deb12u4
            # workers
            20872           worker          0               0d00h00m01s     2.6.12-1+deb12u4
            # old workers
            20865           worker          1               0d00h01m01s     2.6.12-1+deb12u4
            20860           worker          2               0d00h02m01s     2.6.12-1+deb12u4
            # programs

            """
        let table = try #require(ProcessTable(answer))
        #expect(table.master == 20_869)
        #expect(table.reloads == 3)
        #expect(table.failedReloads == 1)
        #expect(table.worker == 20_872)
        #expect(table.oldWorkers == [20_865, 20_860])
        for other in ["", "Unknown command", "# workers\n1 worker 0 0d 2.6"] { #expect(ProcessTable(other) == nil) }
    }

    @Test
    func statisticsAreReadByName() throws {
        let answer = """
            # pxname,svname,status,check_status,last_chk,check_code,
            http-servers,id-1,DOWN,L7STS,"a ""quoted"", b",503,
            http-servers,id-2,UP,* L4OK,,,

            """
        let table = try #require(StatisticsTable(answer))
        #expect(table.rows.map { $0["svname"] } == ["id-1", "id-2"])
        #expect(table.rows[0]["check_code"] == "503")
        #expect(table.rows[1]["status"] == "UP")
        #expect(table.rows[0]["unknown"] == "")
        for other in ["", "\n", "Unknown command", "# a,b\n1,2"] { #expect(StatisticsTable(other) == nil) }
    }

    @Test
    func nodesAreDescribedInPlainWords() throws {
        func status(_ row: String, _ condition: NodeCondition = .enabled) throws -> NodeStatus {
            let answer = "# pxname,svname,status,check_status,check_code,last_chk,check_desc\np,s,\(row)\n"
            let found = try #require(StatisticsTable(answer)?.rows.first)
            return NodeStatus(
                of: try Node.local("1", 80, condition),
                found,
                WorkerInfo(""),
                now: UTCTimestamp(microseconds: 0)
            )
        }
        let head = "# pxname,svname,status,lastchg\np,s,"
        for (age, uptime, expected) in [
            ("75", 75, 25_000_000), ("0", 0, 100_000_000), ("75", 74, nil), ("-1", 500, nil), ("101", 500, nil),
            ("", 500, nil), ("9223372036854775807", .max, nil),
        ] as [(String, Int64, Int64?)] {
            let row = try #require(StatisticsTable(head + "UP,\(age)\n")?.rows.first)
            let now = UTCTimestamp(microseconds: 100_900_000)
            let status = NodeStatus(of: try Node.local("1", 80), row, WorkerInfo(""), now: now, uptime: uptime)
            #expect(status.since == expected.map { UTCTimestamp(microseconds: $0) }, "\(age) of \(uptime)")
        }
        #expect(try status("UP,L4OK,,,").state == .up)
        #expect(try status("UP 1/2,L4CON,,,").state == .up)
        #expect(try status("no check,,,,").state == .up)
        #expect(try status("DRAIN,L4OK,,,").state == .up)
        #expect(try status("MAINT,,,,").state == .disabled)
        #expect(
            try status("DOWN,L4CON,,Connection refused,Layer4 connection problem").reason
                == "connection refused (L4CON)"
        )
        #expect(try status("DOWN 1/2,L4TOUT,,,Layer4 timeout").reason == "no answer within the timeout (L4TOUT)")
        #expect(try status("DOWN,* L7STS,500,,Layer7 wrong status").reason == "status 500 (L7STS)")
        #expect(try status("DOWN,,,,").reason == "its checks fail")
        #expect(try status("MAINT (resolution),,,,").state == .down)
        #expect(try status("DOWN,L4CON,,,", .disabled) == NodeStatus(id: Identifier("1"), state: .disabled))
        #expect(try status("DRAIN,L4OK,,,", .draining) == NodeStatus(id: Identifier("1"), state: .draining))
    }

    @Test
    func complaintsAreFoundAndShortened() throws {
        let refused = """
            [NOTICE]   (25663) : haproxy version is 2.6.12-1+deb12u4
            [NOTICE]   (25663) : path to executable is /usr/sbin/haproxy
            [WARNING]  (25663) : config : missing timeouts for backend 'tcp-servers'.
            [ALERT]    (25663) : config : [/var/lib/steelyard/haproxy.cfg.candidate:47] : 'server http-servers/id-4' : \
            unknown keyword 'x\u{7}'.
            [ALERT]    (25663) : config : Fatal errors found in configuration.
            """
        let complaint = try #require(HAProxyAlert(in: refused))
        #expect(complaint.line == 47)
        #expect(complaint.message == "'server http-servers/id-4' : unknown keyword 'x?'.")
        #expect(!complaint.isAddressInUse)
        let taken =
            "[ALERT]    (1) : Starting frontend tcp-in: cannot bind socket (Address already in use) [127.0.0.1:80]"
        #expect(HAProxyAlert(in: taken)?.isAddressInUse == true)
        #expect(HAProxyAlert(in: taken)?.frontend == "tcp-in")
        #expect(HAProxyAlert(in: taken)?.isAddressMissing == false)
        let missing = taken.replacing("Address already in use", with: "Cannot assign requested address")
        #expect(HAProxyAlert(in: missing)?.isAddressMissing == true)
        let limit = "[ALERT]    (20402) : [haproxy.main()] Cannot raise FD limit to 100042, limit is 20000."
        #expect(HAProxyAlert(in: limit)?.message == "[haproxy.main()] Cannot raise FD limit to 100042, limit is 20000.")
        #expect(HAProxyAlert(in: "[WARNING] (1) : nothing") == nil)
    }

    @Test
    func theDifferenceIsThatOfTheLines() {
        #expect(LineDifference.describe(from: "a\nb\n", to: "a\nb\n") == "")
        #expect(LineDifference.describe(from: "", to: "a\nb\n") == "+a\n+b")
        #expect(LineDifference.describe(from: "a\nb\n", to: "") == "-a\n-b")
        let old = (1...9).map { "line \($0)" }.joined(separator: "\n") + "\n"
        let new = old.replacing("line 5\n", with: "line five\n")
        #expect(
            LineDifference.describe(from: old, to: new)
                == "…\n line 3\n line 4\n-line 5\n+line five\n line 6\n line 7\n…"
        )
    }

    @Test
    func theStateIsReadAsItWasWritten() throws {
        let nodes = [
            try Node(
                id: Identifier("a.b_c-d"),
                address: HostAddress("2001:db8::1"),
                port: Port(1),
                weight: 0,
                isBackup: true,
                condition: .draining
            ),
            try Node(id: Identifier("2"), address: HostAddress("web-1.example.com"), port: Port(65_535)),
        ]
        let http = try LoadBalancer(
            id: Identifier("lb"),
            protocol: .http,
            address: IPAddress("::"),
            port: Port(80),
            algorithm: .sourceIP,
            monitor: HealthMonitor(kind: .http, delay: 9, timeout: 8, attempts: 7, path: MonitorPath("/a?b=%41&c")),
            options: ConnectionOptions(clientTimeout: 1, serverTimeout: 2, connectTimeout: 3, connectRetries: 0),
            nodes: nodes
        )
        let set = try LoadBalancerSet([http, LoadBalancer(protocol: .tcp, port: Port(81), nodes: [])])
        func served(_ version: Int?) throws -> DeviceState.Served {
            let version = try version.map { number throws(InvalidValue) in try ConfigurationVersion(number) }
            return DeviceState.Served(
                set: set.with(version: version),
                fingerprint: Fingerprint([1]),
                checksum: Fingerprint([2])
            )
        }
        let states: [DeviceState] = [
            .notConfigured, .deleted, .serving(try served(nil)), .suspended(try served(nil)), .serving(try served(0)),
            .suspended(try served(.max)),
        ]
        for state in states {
            let record = state.record
            #expect(DeviceState(record: record) == state)
            for count in record.indices.dropLast() { #expect(DeviceState(record: Array(record.prefix(count))) == nil) }
        }
    }
}
