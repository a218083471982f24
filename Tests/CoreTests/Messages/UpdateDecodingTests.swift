// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import TestServers
import Testing

@testable import SteelyardCore

@Suite("UPDATE: accepted messages and their values", .ownThread)
struct UpdateDecodingTests {
    private func only(_ loadBalancer: String) throws -> LoadBalancer {
        for spelling in UpdateMessage.spellings {
            let decoded = try UpdateMessage.decode(loadBalancer, spelling: spelling)
            if spelling == "loadBalancers" { return try #require(decoded.first) }
        }
        throw InvalidValue("no spelling")
    }

    private func node(_ members: String) throws -> Node {
        try #require(try only(UpdateMessage.node(members)).nodes.first)
    }

    @Test("absent fields have their defaults", arguments: [true, false])
    func defaults(isNull: Bool) throws {
        let names = ["id", "name", "address", "port", "algorithm", "monitor", "options"]
        let nulls = names.map { "\"\($0)\":null" }.joined(separator: ",")
        let nodeNulls = #""id":null,"weight":null,"backup":null,"condition":null"#
        let node = isNull ? #"{"address":"h","port":1,\#(nodeNulls)}"# : #"{"address":"h","port":1}"#
        let text = #"{"protocol":"HTTP","nodes":[\#(node),\#(node)]\#(isNull ? "," + nulls : "")}"#
        let loadBalancer = try only(text)
        #expect(loadBalancer.id == nil && loadBalancer.address == nil)
        #expect(loadBalancer.protocol == .http && loadBalancer.port.number == 80)
        #expect(loadBalancer.algorithm == .roundRobin)
        let monitor = loadBalancer.monitor
        #expect(monitor.kind == .connect && monitor.delay == 30 && monitor.timeout == 30 && monitor.attempts == 2)
        let options = loadBalancer.options
        #expect(options.clientTimeout == 30_000 && options.serverTimeout == 30_000 && options.connectTimeout == 30_000)
        #expect(options.connectRetries == 3)
        #expect(loadBalancer.nodes.map(\.id.description) == ["1", "2"])
        let first = try #require(loadBalancer.nodes.first)
        #expect(first.weight == 1 && !first.isBackup && first.condition == .enabled && first.port.number == 1)
    }

    @Test(
        "protocols in any case, alone and together",
        arguments: [("HTTP", .http), ("http", .http), ("hTtP", .http), ("tcp", .tcp), ("Galera", .galera)]
            as [(String, ListenerProtocol)]
    )
    func protocols(text: String, expected: ListenerProtocol) throws {
        let loadBalancer = try only(#"{"protocol":"\#(text)","port":90,"nodes":[]}"#)
        #expect(loadBalancer.protocol == expected && loadBalancer.port.number == 90 && loadBalancer.nodes.isEmpty)
    }

    @Test(
        "algorithms in any case",
        arguments: [
            ("ROUND_ROBIN", .roundRobin), ("least_connections", .leastConnections), ("Source_IP", .sourceIP),
        ] as [(String, BalancingAlgorithm)]
    )
    func algorithms(text: String, expected: BalancingAlgorithm) throws {
        #expect(try only(UpdateMessage.loadBalancer(#""algorithm":"\#(text)""#)).algorithm == expected)
    }

    @Test(
        "ports as numbers and as strings",
        arguments: ["1", "65535", "\"1\"", "\"65535\"", "\"0080\"", #""\u0038\u0030""#]
    )
    func ports(text: String) throws {
        let digits = text.contains("u00") ? "80" : text.filter(\.isNumber)
        let loadBalancer = try only(#"{"protocol":"TCP","port":\#(text),"nodes":[{"address":"h","port":\#(text)}]}"#)
        #expect(loadBalancer.port.number == UInt16(digits))
        #expect(loadBalancer.nodes.first?.port.number == UInt16(digits))
    }

    @Test("weights", arguments: [("0", 0), ("256", 256), ("\"17\"", 17), ("-0", 0), (#""\u0033""#, 3)])
    func weights(text: String, expected: Int) throws {
        #expect(try node(#""weight":\#(text)"#).weight == expected)
    }

    @Test(
        "a JSON number with a fraction of zeros is a whole number",
        arguments: [("80.0", 80), ("1.000", 1), ("0.0", 0), ("-0.0", 0), ("256.0", 256)]
    )
    func zeroFractions(text: String, expected: Int) throws {
        #expect(try node(#""weight":\#(text)"#).weight == expected)
        let monitor = #""monitor":{"type":"HTTP","delay":5.0,"timeout":5.00,"attempts":2.0}"#
        let found = try only(UpdateMessage.loadBalancer(monitor)).monitor
        #expect(found.delay == 5 && found.timeout == 5 && found.attempts == 2)
    }

    @Test(
        "backups",
        arguments: [
            ("true", true), ("false", false), ("\"true\"", true), ("\"FALSE\"", false), ("\"tRUE\"", true),
            (#""\u0054RUE""#, true),
        ]
    )
    func backups(text: String, expected: Bool) throws { #expect(try node(#""backup":\#(text)"#).isBackup == expected) }

    @Test(
        "conditions in any case",
        arguments: [("ENABLED", .enabled), ("disabled", .disabled), ("Draining", .draining)]
            as [(String, NodeCondition)]
    )
    func conditions(text: String, expected: NodeCondition) throws {
        #expect(try node(#""condition":"\#(text)""#).condition == expected)
    }

    @Test(
        "identifiers",
        arguments: [
            ("\"a\"", "a"), ("15", "15"), ("\"A.b_c-9\"", "A.b_c-9"), ("-3", "-3"), ("\"...\"", "..."),
            (#""\u0061""#, "a"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("\"\(String(repeating: "x", count: 64))\"", String(repeating: "x", count: 64)),
        ]
    )
    func identifiers(text: String, expected: String) throws {
        #expect(try node(#""id":\#(text)"#).id.description == expected)
        #expect(try only(UpdateMessage.loadBalancer(#""id":\#(text)"#)).id?.description == expected)
    }

    @Test(
        "host names",
        arguments: ["localhost", "localhost.", "a.example.", "7.example", "0x7f.example", "example.0xyz", "a_b"]
    )
    func hostNames(text: String) throws {
        let nodes = try only(#"{"protocol":"HTTP","nodes":[{"address":"\#(text)","port":1}]}"#).nodes
        #expect(nodes.map(\.address) == [.name(text)])
    }

    @Test("a cluster of one main node, of backups only, or without nodes")
    func clusters() throws {
        for nodes in [
            #"{"address":"h","port":1},{"address":"i","port":1,"backup":true}"#,
            #"{"address":"h","port":1,"backup":true},{"address":"i","port":1,"backup":true}"#, "",
        ] {
            _ = try only(#"{"protocol":"GALERA","port":1,"nodes":[\#(nodes)]}"#)
        }
    }

    @Test("a stored message is read by the rules under which it was accepted")
    func accepted() throws {
        let nodes = #"{"address":"h","port":1},{"address":"0.0.0.0","port":1}"#
        let text = UpdateMessage.text(#"{"protocol":"GALERA","port":1,"nodes":[\#(nodes)]}"#)
        let document = try JSONDocument(Array(text.utf8))
        #expect(throws: MessageError.self) { try Message(document) }
        let message = try Message(document, limits: MessageLimits(), wasAccepted: true)
        guard case .update(let set) = message.action else {
            Issue.record("an UPDATE")
            return
        }
        #expect(set.loadBalancers[0].nodes.count == 2)
    }

    @Test("one id in both load balancers means two nodes")
    func sameIdentifiers() throws {
        let nodes = #""nodes":[{"id":"a","address":"h","port":1}]"#
        let decoded = try UpdateMessage.decode(#"{"protocol":"HTTP",\#(nodes)},{"protocol":"TCP","port":81,\#(nodes)}"#)
        #expect(decoded.map { $0.nodes.map(\.id.description) } == [["a"], ["a"]])
    }

    @Test("ids are case-sensitive")
    func caseOfIdentifiers() throws {
        let nodes = #"{"id":"a","address":"h","port":1},{"id":"A","address":"h","port":1}"#
        #expect(try only(#"{"protocol":"HTTP","nodes":[\#(nodes)]}"#).nodes.count == 2)
    }

    @Test(
        "nodes' addresses",
        arguments: [
            ("10.0.0.1", "10.0.0.1"), ("255.255.255.254", "255.255.255.254"), ("::1", "::1"),
            ("2001:DB8::0:1", "2001:db8::1"),
            ("::ffff:10.0.0.1", "::ffff:10.0.0.1"), ("node-1.example.com", "node-1.example.com"), ("Node", "Node"),
            ("a_b", "a_b"),
            ("1.2.3.4a", "1.2.3.4a"), ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            (String(repeating: "a", count: 63), String(repeating: "a", count: 63)),
        ]
    )
    func addresses(text: String, expected: String) throws {
        let loadBalancer = try only(#"{"protocol":"HTTP","nodes":[{"address":"\#(text)","port":1}]}"#)
        #expect(loadBalancer.nodes.first?.address.description == expected)
    }

    @Test("addresses to listen on", arguments: [("10.0.0.1", "10.0.0.1"), ("0.0.0.0", "0.0.0.0"), ("0:0::0", "::")])
    func listenAddresses(text: String, expected: String) throws {
        #expect(try only(UpdateMessage.loadBalancer(#""address":"\#(text)""#)).address?.description == expected)
    }

    @Test(
        "two load balancers, in either order, on different ports or addresses",
        arguments: [
            #"{"protocol":"HTTP","nodes":[]},{"protocol":"TCP","port":81,"nodes":[]}"#,
            #"{"protocol":"tcp","port":"81","nodes":[]},{"protocol":"http","nodes":[]}"#,
            #"{"protocol":"HTTP","address":"10.0.0.1","nodes":[]},{"protocol":"TCP","port":80,"address":"10.0.0.2","nodes":[]}"#,
        ]
    )
    func two(text: String) throws {
        let decoded = try UpdateMessage.decode(text)
        #expect(Set(decoded.map(\.protocol)) == [.http, .tcp])
        #expect(decoded.first?.protocol == (text.hasPrefix(#"{"protocol":"H"#) ? .http : .tcp), "the order is kept")
    }

    @Test(
        "both load balancers together may have at most 10,000 nodes",
        arguments: [10_000, 10_001],
        [0, 4000]
    )
    func nodeCount(total: Int, ofSecond: Int) async throws {
        let node = #"{"address":"10.0.0.1","port":80}"#
        func nodes(_ count: Int) -> String { Array(repeating: node, count: count).joined(separator: ",") }
        let first = #"{"protocol":"HTTP","nodes":[\#(nodes(total - ofSecond))]}"#
        let second = #"{"protocol":"TCP","port":81,"nodes":[\#(nodes(ofSecond))]}"#
        let agent = TestAgent()
        let answer = try await agent.send(UpdateMessage.text("\(first),\(second)"))
        #expect(answer.passed == (total == 10_000))
        #expect(agent.driver.events == (total == 10_000 ? ["apply 80,81"] : []))
        guard total > 10_000 else { return }
        let expected =
            ofSecond == 0
            ? "loadbalancers[0].nodes has 10001 nodes; the limit is 10000"
            : "loadbalancers[1].nodes has 4000 nodes; the limit is 3999"
        #expect(answer.error == expected)
    }
}
