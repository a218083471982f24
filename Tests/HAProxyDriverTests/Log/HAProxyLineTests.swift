// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import LogFiles
import SteelyardCore
import TestServers
import Testing

@testable import HAProxyDriver

/// The load balancer that a line belongs to.
@Suite(.ownThread)
struct HAProxyLineTests {
    struct Line: Sendable, CustomTestStringConvertible {
        let text: String
        /// nil for a line of no load balancer.
        let owner: ProxyKind?

        init(_ owner: ProxyKind?, _ text: String) {
            self.owner = owner
            self.text = text
        }

        var testDescription: String { text }
    }

    private static let http = #"""
        127.0.0.1:46620 [23/Nov/2026:04:05:15.557] http-in http-servers/id-1 0/0/3/0/3 200 1117 - - ---- 2/2/0/0/0 0/0 "GET / HTTP/1.1"
        """#
    private static let tcp =
        "127.0.0.1:41350 [23/Nov/2026:04:20:28.021] tcp-in tcp-servers/id-1 1/0/0 0 SD 1/1/0/0/0 0/0"

    static let lines = [
        Line(.http, http),
        Line(.tcp, tcp),
        Line(
            .http,
            "2001:db8::1:443 [23/Nov/2026:04:05:15.557] http-in~ http-servers/id-1 0/0/3/0/3 200 1117 - - ----"
        ),
        Line(
            .http,
            "127.0.0.1:1 [23/Nov/2026:04:05:15.557] http-in http-in/<NOSRV> -1/-1/-1/-1/0 400 0 - - CR-- \"<BADREQ>\""
        ),
        Line(.tcp, "127.0.0.1:1 [23/Nov/2026:04:05:15.557] tcp-in/1: Connection error during SSL handshake"),
        Line(.tcp, "unix:1 [23/Nov/2026:04:05:15.557] tcp-in tcp-servers/<NOSRV> -1/-1/0 0 SC 1/1/0/0/0 0/0"),
        // rsyslog's old and new formats, with and without a host name and a priority.
        Line(.http, "Nov 23 04:05:15 lb-7 haproxy[1234]: \(http)"),
        Line(.tcp, "Nov  3 04:05:15 lb-7 haproxy[1234]: \(tcp)"),
        Line(.http, "Nov 23 04:05:15 haproxy[1234]: \(http)"),
        Line(.tcp, "2026-11-23T04:05:15.123456+00:00 lb-7 haproxy[1234]: \(tcp)"),
        Line(.http, "<134>Nov 23 04:05:15 haproxy[1234]: \(http)"),
        Line(.http, "<134>\(http)"),
        Line(.http, "Nov 23 04:05:15 lb-7 haproxy[1]: Server http-servers/id-1 is DOWN, reason: Layer4 timeout"),
        // HAProxy's own date.
        Line(.http, "2026-11-26T00:10:55.712823+00:00 \(http)"),
        Line(.tcp, "2026-11-26T00:10:55.712823+00:00 \(tcp)"),
        Line(.http, "2026-11-26T00:10:55+01:00 Server http-servers/id-1 is DOWN, reason: Layer4 timeout"),
        Line(.tcp, "2026-11-26T00:10:53.717039+00:00 backend tcp-servers has no server available!"),
        Line(.tcp, "2026-11-26T00:10:53.717039+00:00 unix:1 [23/Nov/2026:04:05:15.557] tcp-in/1: Connection error"),
        Line(nil, "2026-11-26T00:10:53.717039+00:00"),
        Line(nil, "2026-11-26T00:10:53.717039+00:00 "),
        // HAProxy's own messages.
        Line(
            .http,
            "Server http-servers/id-1 is DOWN, reason: Layer4 connection problem, info: \"Connection refused\"."
        ),
        Line(
            .tcp,
            "Backup Server tcp-servers/id-1 is UP, reason: Layer4 check passed. 1 active and 1 backup servers online."
        ),
        Line(.tcp, "Server tcp-servers/id-1 was DOWN and now enters maintenance."),
        Line(.http, "Health check for server http-servers/id-1 failed, reason: Layer7 wrong status, code: 404."),
        Line(.http, "Health check for backup server http-servers/id-1 succeeded."),
        Line(.http, "backend http-servers has no server available!"),
        Line(.http, "Proxy http-in stopped (cumulated conns: FE: 7, BE: 0)."),
        Line(.tcp, "Proxy tcp-servers started."),
        Line(.tcp, "Paused frontend tcp-in."),
        Line(.http, "Resumed frontend http-in."),
        Line(.http, "Stopping frontend http-in in 0 ms."),
        Line(.http, "Stopping backend http-servers in 0 ms."),
        Line(.http, "http-servers/id-3 changed its IP from 10.0.0.1 to 10.0.0.2 by device/ns0."),
        // Text from clients and nodes is also in the line.
        Line(.http, http.replacing("GET /", with: "GET /tcp-in/tcp-servers/id-1")),
        Line(
            .http,
            "Server http-servers/id-1 is DOWN, reason: Layer7 wrong status, info: \"tcp-in tcp-servers/id-1\"."
        ),
        Line(.tcp, "Server tcp-servers/http-in is DOWN, reason: Layer4 timeout"),
        Line(
            nil,
            "127.0.0.1:1 [23/Nov/2026:04:05:15.557] other http-in/id-1 0/0/3 200 - \"GET /http-in http-servers/id-1\""
        ),
        Line(nil, "127.0.0.1:1 [23/Nov/2026:04:05:15.557] http-in2 http-servers/id-1 0/0/3"),
        Line(nil, "127.0.0.1:1 [23/Nov/2026:04:05:15.557] xhttp-in http-servers/id-1 0/0/3"),
        Line(nil, "Nov 23 04:05:15 lb-7 sshd[99]: Accepted publickey for http-in from http-servers/id-1"),
        Line(nil, "Server http-serversX/id-1 is DOWN"),
        Line(nil, "[NOTICE] http-in"),
        Line(nil, ""),
        Line(nil, "    "),
        Line(nil, "http-"),
        Line(nil, "127.0.0.1:1 [23/Nov/2026:04:05:15.557]"),
        Line(nil, "\u{0}\u{0}\u{0}"),
        // RFC 5424, with and without structured data.
        Line(.http, "<134>1 2026-11-23T04:05:15.123456+00:00 lb-7 haproxy 1234 - - \(http)"),
        Line(.tcp, "1 2026-11-23T04:05:15.123456Z lb-7 haproxy 1234 - - \(tcp)"),
        Line(.http, #"<134>1 2026-11-23T04:05:15Z lb haproxy 1 ID [meta a="[1] \"x\""][b c="]"] "# + http),
        Line(
            .tcp,
            "<134>1 2026-11-23T04:05:15Z lb haproxy 1 - - Server tcp-servers/id-1 is DOWN, reason: Layer4 timeout"
        ),
        Line(.http, #"<134>1 2026-11-23T04:05:15Z lb haproxy 1 - [a b="tcp-in: x"] Server http-servers/1 is UP."#),
        Line(.http, "<134>1 2026-11-23T04:05:15Z backend haproxy 1 - - \u{FEFF}Proxy http-in stopped (FE: 7)."),
        // A tag without a process ID, unusual host names, and tabs.
        Line(.http, "Nov 23 04:05:15 lb-7 haproxy: \(http)"),
        Line(.tcp, "Nov 23 04:05:15 lb-7 haproxy: Backup Server tcp-servers/id-1 is UP"),
        Line(.http, "2026-11-23T04:05:15+00:00 backend haproxy[1]: \(http)"),
        Line(.http, "2026-11-23T04:05:15+00:00 Server haproxy: Health check for server http-servers/1 failed"),
        Line(.tcp, "Nov 23 04:05:15 fe80:: haproxy[1]: Server tcp-servers/1 is DOWN"),
        Line(.http, "Nov 23 04:05:15\tlb-7\thaproxy[1]:\t" + http.replacing(" ", with: "\t")),
        Line(.tcp, "Nov 23 04:05:15 lb-7 haproxy[1]:\tServer\ttcp-servers/1\tis DOWN"),
        // Containers.
        Line(
            .http,
            #"{"log":"\#(http.replacing("\"", with: "\\\""))\n","stream":"stdout","time":"2026-11-23T04:05:15Z"}"#
        ),
        Line(.tcp, #"{"log":"Server tcp-servers/1 is DOWN, reason: Layer4 timeout\n","stream":"stdout"}"#),
        Line(.http, "2026-11-23T04:05:15.123456789Z stdout F \(http)"),
        Line(.tcp, "2026-11-23T04:05:15.123456789+01:00 stderr P 2026-11-23T04:05:15.1+00:00 \(tcp)"),
        Line(.http, "2026-11-23T04:05:15.123456789Z stdout F Server http-servers/1 is DOWN"),
        // More messages of HAProxy.
        Line(.http, "SIGHUP: Server http-servers/1 is UP. Conn: 0 act, 0 pend, 7 tot."),
        Line(.tcp, "Nov 23 04:05:15 lb haproxy[1]: SIGHUP: Proxy tcp-servers has no servers. Conn: act(FE+BE): 0+0."),
        Line(.http, "Connect() failed for backend http-servers: no free ports."),
        Line(.http, "Agent check for backup server http-servers/1 failed."),
        Line(.http, "http-servers/1 changed its FQDN from a to b"),
        // Forged by a client or a node, of this proxy or another.
        Line(
            .tcp,
            tcp + #" "GET /[23/Nov/2026:04:05:15.557] http-in http-servers/1" [23/Nov/2026:04:05:15.557] http-in x"#
        ),
        Line(
            nil,
            "1.2.3.4:1 [23/Nov/2026:04:05:15.557] other x/1 [23/Nov/2026:04:05:15.557] http-in http-servers/1 0/0"
        ),
        Line(
            .http,
            "Server http-servers/1 is DOWN, reason: Layer7 wrong status, info: \"1.1.1.1:1 [23/Nov/2026:04:05:15.557] tcp-in x\""
        ),
        Line(nil, "Server other/1 is DOWN, info: \"1.1.1.1:1 [23/Nov/2026:04:05:15.557] tcp-in x\""),
        Line(nil, "Nov 23 04:05:15 lb sshd[9]: Invalid user Server http-servers/1 is DOWN from 1.2.3.4"),
        Line(nil, "Nov 23 04:05:15 lb sshd[9]: error: x: Server http-servers/1 is DOWN, from 1.2.3.4"),
        Line(nil, "1.2.3.4:1 [23/Nov/2026:04:05:15] http-in http-servers/1 0/0/3"),
        Line(nil, "1.2.3.4:1 [23/11/2026:04:05:15.557] http-in http-servers/1 0/0/3"),
        Line(nil, "1.2.3.4:1 [23/Nov/2026:04:05:15.557]http-in http-servers/1 0/0/3"),
    ]

    @Test(arguments: lines)
    func belongsToItsProxy(_ line: Line) {
        let bytes = Array(line.text.utf8)
        #expect(bytes.withUnsafeBytes { HAProxyLine($0)?.owner.proxyKind } == line.owner)
    }

    /// Lines are complete and correct for pieces of any size.
    @Test(arguments: [1, 2, 7, 100, 1000, 300_000, 1_000_000])
    func aLineMayComeInPieces(size: Int) {
        let long = Self.http.replacing("GET /", with: "GET /" + String(repeating: "x", count: 200_000))
        let other = Self.tcp + String(repeating: "y", count: 150_000)
        let log = Array([Self.http, other, long, Self.tcp, "", Self.http].joined(separator: "\n").utf8)
        var splitter = LogLineSplitter([LogPart(.http), LogPart(.tcp), LogPart(.http)], HAProxyLineClassifier())
        var blocks = [LogBlock](repeating: LogBlock(), count: 3)
        var kept: [UInt8] = []
        for start in stride(from: 0, to: log.count, by: size) {
            kept += log[start..<min(start + size, log.count)]
            let taken = kept.withUnsafeBytes { splitter.take($0, into: &blocks) }
            kept.removeFirst(taken)
            #expect(kept.count < LogLineSplitter.longLine)
        }
        kept.withUnsafeBytes { splitter.end($0, into: &blocks) }
        let text = blocks.map { String(decoding: $0.bytes, as: UTF8.self) }
        #expect(text[0] == [Self.http, long, Self.http, ""].joined(separator: "\n"))
        #expect(text[1] == [other, Self.tcp, ""].joined(separator: "\n") && text[2] == text[0])
        #expect(blocks.map(\.lineCount) == [3, 2, 3])
    }
}
