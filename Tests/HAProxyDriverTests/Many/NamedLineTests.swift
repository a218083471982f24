// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import LogFiles
import SteelyardCore
import SteelyardTestSupport
import TestServers
import Testing

@testable import HAProxyDriver
@testable import LogFiles

/// The load balancer with an id that a line belongs to.
@Suite(.ownThread)
struct NamedLineTests {
    private static let date = "[23/Nov/2026:04:05:15.557]"
    private static let longest = String(repeating: "z", count: 64)

    private static let ids = [
        "web", "in", "servers", "http", "tcp", "a.b-c_d", "a.", "-", "--", "_", "x-in", "x-servers", "in-in",
        "servers-in", "in-servers", "http-in", "tcp-servers", "UP", "is", "Server", "Proxy",
        "<NOSRV>".filter(\.isLetter),
        longest,
    ]

    /// Lines of a load balancer: `NAME` stands for `http-ID` or `tcp-ID`.
    private static let forms = [
        "10.0.0.1:5 \(date) NAME-in NAME-servers/id-1 0/0/3/0/3 200 1117 - - ---- 2/2/0/0/0 0/0 \"GET / HTTP/1.1\"",
        "10.0.0.1:5 \(date) NAME-in~ NAME-servers/id-http-in 0/0/3 \"GET /http-in tcp-other-in HTTP/1.1\"",
        "10.0.0.1:5 \(date) NAME-in NAME-servers:api/id-1 0/0/3/0/3 200 1117 - - ----",
        "10.0.0.1:5 \(date) NAME-in NAME-in/<NOSRV> -1/-1/-1/-1/0 400 0 - - CR-- \"<BADREQ>\"",
        "2001:db8::1:443 \(date) NAME-in/1: SSL handshake failure",
        "2026-11-26T00:10:55.712823+00:00 10.0.0.1:5 \(date) NAME-in NAME-servers/id-1 0/0/3",
        "Nov 23 04:05:15 lb-7 haproxy[1234]: 10.0.0.1:5 \(date) NAME-in NAME-servers/id-1 0/0/3",
        "<134>1 2026-11-23T04:05:15.123456+00:00 lb haproxy 1 - - 10.0.0.1:5 \(date) NAME-in NAME-servers/id-1 0/0",
        "Server NAME-servers/id-1 is DOWN, reason: Layer4 timeout, info: \"http-other-in http-servers/1\"",
        "Server NAME-servers:api/id-1 is UP, reason: Layer4 check passed",
        "2026-11-26T00:10:55+01:00 Backup Server NAME-servers:a.b-in/id-1 is UP",
        "Health check for server NAME-servers:servers/id-1 failed, reason: Layer7 wrong status, code: 404.",
        "Server NAME-servers/id-http-web-in is DOWN", "backend NAME-servers has no server available!",
        "backend NAME-servers:api has no server available!",
        "Proxy NAME-in stopped (cumulated conns: FE: 7, BE: 0).", "Proxy NAME-servers:api started.",
        "Paused frontend NAME-in.", "Stopping frontend NAME-in in 0 ms.", "Stopping backend NAME-servers:api in 0 ms.",
        "NAME-servers:api/id-3 changed its IP from 10.0.0.1 to 10.0.0.2 by device/ns0.",
        "Nov 23 04:05:15 lb haproxy[1]: SIGHUP: Proxy NAME-servers has no servers. Conn: act(FE+BE): 0+0.",
        #"{"log":"Server NAME-servers/id-1 is DOWN, reason: Layer4 timeout\n","stream":"stdout"}"#,
    ]

    private static func found(_ text: String) -> (kind: ProxyKind, id: String?)? {
        let bytes = Array(text.utf8)
        return bytes.withUnsafeBytes { line in
            HAProxyLine(line).map { found in
                (found.owner.proxyKind, found.owner.id.map { String(decoding: line[$0], as: UTF8.self) })
            }
        }
    }

    @Test(arguments: ids)
    func belongsToItsID(id: String) throws {
        _ = try Identifier(id)
        for form in Self.forms {
            for kind in ProxyKind.allCases {
                let line = form.replacing("NAME", with: "\(kind.rawValue)-\(id)")
                let found = Self.found(line)
                #expect(found?.kind == kind && found?.id == id, "\(line)")
            }
        }
    }

    @Test
    func withoutAnIDItBelongsToTheOnlyOne() {
        for form in Self.forms {
            for kind in ProxyKind.allCases {
                let line = form.replacing("NAME", with: kind.rawValue)
                let found = Self.found(line)
                #expect(found?.kind == kind && found?.id == nil, "\(line)")
            }
        }
    }

    @Test(arguments: [
        "10.0.0.1:5 \(date) http--in http-servers/id-1", "10.0.0.1:5 \(date) http-web http-web-servers/id-1",
        "10.0.0.1:5 \(date) http-web-inn http-web-servers/id-1", "10.0.0.1:5 \(date) http-web-in2 x",
        "10.0.0.1:5 \(date) https-web-in x", "10.0.0.1:5 \(date) httpweb-in x", "10.0.0.1:5 \(date) HTTP-web-in x",
        "Server http-web/id-1 is DOWN", "Server http-web-server/id-1 is DOWN", "Server http--servers/id-1 is DOWN",
        "Server web-servers/id-1 is DOWN", "10.0.0.1:5 \(date) stats http-web-in x",
    ])
    func otherNamesBelongToNone(line: String) {
        #expect(Self.found(line) == nil)
    }

    /// A hundred archives are filled in one reading, whatever the size of the pieces.
    @Test(arguments: [97, 4096, 1_000_000])
    func eachOfAHundredPartsHasItsOwnLines(size: Int) throws {
        let keys = try (0..<100).map { number in
            LoadBalancerKey(number.isMultiple(of: 3) ? .tcp : .http, id: try Identifier("lb-\(number)"))
        }
        var expected: [LoadBalancerKey: String] = [:]
        var log = ""
        for number in 0..<4000 {
            // Some lines in runs, some of no load balancer, some of one that no archive is for.
            let key = keys[(number / (1 + number % 3)) * 7 % 100]
            let name =
                "\(key.proxyKind.rawValue)-lb-\(number % 11 == 0 ? "other" : "")\(key.id.map { $0.description.dropFirst(3) } ?? "")"
            let line = "10.0.0.1:5 \(Self.date) \(name)-in \(name)-servers/id-1 0/0/\(number)\n"
            log += line
            if number % 11 != 0 { expected[key, default: ""] += line }
            if number % 5 == 0 { log += "a line of another program about http-lb-1-in\n" }
        }
        var splitter = LogLineSplitter(keys.map { LogPart($0.proxyKind, of: $0.id) }, HAProxyLineClassifier())
        var blocks = [LogBlock](repeating: LogBlock(), count: keys.count)
        var kept: [UInt8] = []
        let bytes = Array(log.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            kept += bytes[start..<min(start + size, bytes.count)]
            kept.removeFirst(kept.withUnsafeBytes { splitter.take($0, into: &blocks) })
        }
        kept.withUnsafeBytes { splitter.end($0, into: &blocks) }
        for (key, block) in zip(keys, blocks) {
            #expect(String(decoding: block.bytes, as: UTF8.self) == expected[key, default: ""])
            #expect(block.lineCount == UInt64(expected[key, default: ""].count { $0 == "\n" }))
        }
    }
}
