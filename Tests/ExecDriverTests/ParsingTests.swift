// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Testing

@testable import ExecDriver

@Suite("A driver program's output")
struct ParsingTests {
    @Test(
        "is a fault if it is neither a response nor a notification",
        arguments: [
            "", "hello", "[]", "{}", "{\"jsonrpc\":\"1.0\",\"id\":1,\"result\":{}}", "{\"jsonrpc\":\"2.0\",\"id\":1}",
            "{\"jsonrpc\":\"2.0\",\"result\":{}}", "{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":{}}",
            "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"parse error\"}}",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{},\"error\":{}}",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"apply\"}", "{\"jsonrpc\":\"2.0\",\"method\":7}",
            "{\"jsonrpc\":\"2.0\",\"method\":\"progress\"}", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}} {}",
            "{\"jsonrpc\":\"2.0\",\"id\":99999999999999999999,\"result\":{}}",
        ]
    )
    func faults(_ line: String) {
        #expect(throws: ProtocolFault.self) { _ = try IncomingMessage(Array(line.utf8)) }
    }

    @Test("is a fault if it is not UTF-8, or nested too deep")
    func hostileBytes() {
        let start = Array("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":".utf8)
        #expect(throws: ProtocolFault.self) { _ = try IncomingMessage(start + [0x22, 0xFF, 0x22, 0x7D]) }
        let deep = [UInt8](repeating: UInt8(ascii: "["), count: 100_000)
        #expect(throws: ProtocolFault.self) { _ = try IncomingMessage(start + deep) }
    }

    private static func error(_ text: String) throws -> ProgramError {
        ProgramError(try JSONDocument(Array(text.utf8)).root)
    }

    @Test("maps errors by name or number; unknown codes are unavailable")
    func codes() throws {
        #expect(try Self.error("{\"code\":1002,\"message\":\"m\"}").code == .deleted)
        #expect(try Self.error("{\"code\":1002,\"data\":{\"code\":\"not_running\"}}").code == .notRunning)
        #expect(try Self.error("{\"code\":-32601}").code == .unsupported)
        #expect(try Self.error("{\"code\":-32603,\"message\":\"broken\"}").code == .unavailable)
        #expect(try Self.error("{\"data\":7}").message == "the driver program returned no error message")
        let bare = try Self.error("{}")
        #expect(bare.code == .unavailable && bare.field == nil)
    }

    @Test("drops a field that is not in the UPDATE, or has an invalid name")
    func fields() throws {
        let set = try LoadBalancerSet.http(port: 80, nodes: 2)
        func field(_ text: String) throws -> LoadBalancerField? {
            try Self.error("{\"data\":{\"field\":\(text)}}").driverError(for: set).field
        }
        let expected = LoadBalancerField(loadBalancer: 0, node: 1, name: "port")
        #expect(try field("{\"load_balancer\":0,\"node\":1,\"name\":\"port\"}") == expected)
        #expect(try field("{\"load_balancer\":0,\"node\":null,\"name\":\"port\"}")?.node == nil)
        for text in [
            "7", "{}", "{\"load_balancer\":1,\"name\":\"port\"}", "{\"load_balancer\":-1,\"name\":\"port\"}",
            "{\"load_balancer\":0,\"node\":2,\"name\":\"port\"}",
            "{\"load_balancer\":0,\"node\":\"1\",\"name\":\"port\"}",
            "{\"load_balancer\":0,\"name\":\"a b\"}", "{\"load_balancer\":0,\"name\":\"\"}",
        ] { #expect(try field(text) == nil, "\(text)") }
    }

    @Test("is assembled from pieces into lines of limited length")
    func lines() {
        var splitter = LineSplitter(limit: 4)
        func add(_ text: String) -> [LineSplitter.Line] { splitter.add(Array(text.utf8)[...]) }
        #expect(add("a") == [])
        #expect(add("b\n\nabcd\nx") == [.whole(Array("ab".utf8)), .whole([]), .whole(Array("abcd".utf8))])
        #expect(add("yzabc") == [.cut(Array("xyza".utf8))])
        #expect(add("more and more") == [])
        #expect(add("end\nok\nno") == [.whole(Array("ok".utf8))])
        #expect(splitter.end() == Array("no".utf8) && splitter.end() == nil)
    }

    @Test("is made printable, by scalars")
    func text() {
        #expect(PrintableText.line("a\nb\u{202E}c", atMost: 3) == "a\\u{a}b…")
        #expect(PrintableText.line("e" + String(repeating: "\u{301}", count: 9), atMost: 2) == "e\u{301}…")
    }

    @Test("must contain valid usage reports and log pieces")
    func results() throws {
        func root(_ text: String) throws -> JSONValue { try JSONDocument(Array(text.utf8)).root }
        let usage = "{\"start_us\":5,\"end_us\":9,\"mark\":1,\"entries\":[{\"protocol\":\"http\",\"bytes_out\":7}]}"
        #expect(try UsageReport(program: root(usage)).entries == [.init(metered: .http, bytesOut: 7)])
        for (old, new) in [("9", "4"), ("7", "-7"), ("http", "udp"), ("1,", "\"x\","), ("5", "1.5")] {
            #expect(throws: ProtocolFault.self) {
                _ = try UsageReport(program: root(usage.replacing(old, with: new, maxReplacements: 1)))
            }
        }
        let piece = try LogPiece(root("{\"offset\":8,\"end\":false,\"http\":\"a\\nb\"}"), after: 2, of: 8)
        #expect(piece.texts == [.http: Array("a\nb\n".utf8)] && piece.examinedLines == 2)
        for text in ["{\"offset\":2,\"end\":false}", "{\"offset\":9,\"end\":true}", "{\"offset\":1,\"end\":true}"] {
            #expect(throws: ProtocolFault.self) { _ = try LogPiece(root(text), after: 2, of: 8) }
        }
    }

    @Test("does not replace another field of the reply by the proxy's name")
    func proxyName() throws {
        func proxy(_ name: String) throws -> ProxyStatus? {
            ProxyStatus(program: try JSONDocument(Array("{\"name\":\"\(name)\",\"version\":\"1\"}".utf8)).root)
        }
        #expect(try proxy("nginx")?.version == "1")
        for name in ["nodes", "status", "", "hpcs_response", "Nginx"] { #expect(try proxy(name) == nil) }
    }
}
