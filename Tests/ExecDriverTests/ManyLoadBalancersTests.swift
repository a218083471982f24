// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Testing

@testable import ExecDriver

@Suite("A driver program with many load balancers")
struct ManyLoadBalancersTests {
    private static func key(_ kind: ProxyKind, _ id: String) throws -> LoadBalancerKey {
        LoadBalancerKey(kind, id: try Identifier(id))
    }

    private static func usage(_ entries: String) throws -> UsageReport {
        let text = #"{"start_us":1,"end_us":2,"mark":3,"entries":[\#(entries)]}"#
        return try UsageReport(program: JSONDocument(Array(text.utf8)).root)
    }

    @Test("reports the usage of each, and gets the same entries with the commit")
    func usage() throws {
        let text = #"""
            {"protocol":"http","bytes_out":1},{"protocol":"http","id":"a","bytes_out":2},
            {"protocol":"http","id":"b","bytes_out":3},{"protocol":"tcp","id":"a","bytes_out":4},
            {"protocol":"tcp","id":null,"bytes_out":5}
            """#
        let report = try Self.usage(text)
        let keys = try [.http, Self.key(.http, "a"), Self.key(.http, "b"), Self.key(.tcp, "a"), .tcp]
        #expect(report.entries.map(\.key) == keys)
        #expect(report.entries.map(\.bytesOut) == [1, 2, 3, 4, 5])
        let sent = JSONFragment.object(report.programMembers).json
        #expect(try UsageReport(program: JSONDocument(sent).root) == report)
        let summed = report.summedEntries
        #expect(
            try summed.map(\.key) == [.http, .tcp] + [Self.key(.http, "a"), Self.key(.http, "b"), Self.key(.tcp, "a")]
        )
        #expect(summed.map(\.bytesOut) == [6, 9, 2, 3, 4])
    }

    @Test(
        "is at fault with an invalid entry of a usage, or two for one",
        arguments: [
            #"{"protocol":"http","id":"a","bytes_out":2},{"protocol":"http","id":"a","bytes_out":2}"#,
            #"{"protocol":"http","bytes_out":2},{"protocol":"http","id":null,"bytes_out":2}"#,
            #"{"protocol":"http","id":"","bytes_out":2}"#, #"{"protocol":"http","id":"a b","bytes_out":2}"#,
            #"{"protocol":"http","id":7,"bytes_out":2}"#, #"{"id":"a","bytes_out":2}"#,
            #"{"protocol":"udp","id":"a","bytes_out":2}"#, #"{"protocol":"http","id":"a","bytes_out":-1}"#,
        ]
    )
    func invalidUsage(entries: String) {
        #expect(throws: ProtocolFault.self) { _ = try Self.usage(entries) }
    }

    private static func piece(_ members: String) throws -> LogPiece {
        let text = #"{"offset":9,"end":true,\#(members)}"#
        return try LogPiece(JSONDocument(Array(text.utf8)).root, after: 0, of: 10)
    }

    @Test("returns the lines of each")
    func log() throws {
        let piece = try Self.piece(
            #"""
            "http":"plain","load_balancers":[{"protocol":"http","id":"a","text":"1\n2"},
            {"protocol":"tcp","id":"a","text":"3\n"},{"protocol":"http","id":"a","text":"4"},
            {"protocol":"http","id":"b","text":""},{"protocol":"tcp","text":"5"}]
            """#
        )
        let texts = piece.texts.mapValues { String(decoding: $0, as: UTF8.self) }
        #expect(
            try texts == [
                .http: "plain\n", Self.key(.http, "a"): "1\n2\n4\n", Self.key(.tcp, "a"): "3\n", .tcp: "5\n",
            ]
        )
        #expect(piece.examinedLines == 6)
        #expect(try Self.piece(#""load_balancers":null"#).texts.isEmpty)
        #expect(try Self.piece(#""load_balancers":[]"#).texts.isEmpty)
    }

    @Test(
        "is at fault with lines that have no load balancer",
        arguments: [
            #""load_balancers":7"#, #""load_balancers":{"a":"1"}"#, #""load_balancers":"a""#,
            #""load_balancers":[{"protocol":"http","id":"a"}]"#, #""load_balancers":[{"id":"a","text":"1"}]"#,
            #""load_balancers":[{"protocol":"http","id":"a/b","text":"1"}]"#,
            #""load_balancers":[{"protocol":"http","id":"a","text":7}]"#, #""load_balancers":["a"]"#,
        ]
    )
    func invalidLog(members: String) {
        #expect(throws: ProtocolFault.self) { _ = try Self.piece(members) }
    }

    @Test("names a field of any of them, and of their pools")
    func fields() throws {
        let nodes = [try Node(id: Identifier("1"), address: HostAddress("10.0.0.1"), port: Port(80))]
        let pool = try Pool(id: Identifier("api"), nodes: nodes)
        let set = try LoadBalancerSet([
            LoadBalancer(id: Identifier("a"), protocol: .http, port: Port(80), nodes: nodes),
            LoadBalancer(id: Identifier("b"), protocol: .http, port: Port(81), nodes: []),
            LoadBalancer(
                id: Identifier("c"),
                protocol: .http,
                port: Port(82),
                defaultPool: Pool(nodes: []),
                pools: [pool]
            ),
        ])
        func field(_ text: String) throws -> LoadBalancerField? {
            let error = ProgramError(try JSONDocument(Array(#"{"data":{"field":\#(text)}}"#.utf8)).root)
            return error.driverError(for: set).field
        }
        #expect(
            try field(#"{"load_balancer":2,"name":"port"}"#) == LoadBalancerField(loadBalancer: 2, name: "port")
        )
        #expect(
            try field(#"{"load_balancer":2,"pool":0,"node":0,"name":"port"}"#)
                == LoadBalancerField(loadBalancer: 2, pool: 0, node: 0, name: "port")
        )
        for text in [
            #"{"load_balancer":3,"name":"port"}"#, #"{"load_balancer":1,"node":0,"name":"port"}"#,
            #"{"load_balancer":0,"pool":0,"name":"port"}"#, #"{"load_balancer":2,"pool":1,"name":"port"}"#,
            #"{"load_balancer":2,"pool":0,"node":1,"name":"port"}"#, #"{"load_balancer":2,"node":0,"name":"port"}"#,
            #"{"load_balancer":2,"pool":"0","name":"port"}"#,
        ] { #expect(try field(text) == nil, "\(text)") }
    }
}
