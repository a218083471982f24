// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SteelyardCore

@Suite("An UPDATE of many load balancers")
struct ManyLoadBalancersTests {
    /// A load balancer with a port of its own: `HTTP:web`, or `TCP` without an id.
    private static func member(_ name: String, port: Int, address: String? = nil) -> String {
        let parts = name.split(separator: ":", maxSplits: 1)
        let id = parts.count > 1 ? #""id":"\#(parts[1])","# : ""
        let address = address.map { #""address":"\#($0)","# } ?? ""
        return #"{\#(id)\#(address)"protocol":"\#(parts[0])","port":\#(port),"nodes":[]}"#
    }

    private static func list(_ names: [String]) -> String {
        names.enumerated().map { member($1, port: 8000 + $0) }.joined(separator: ",")
    }

    private static func keys(_ names: [String]) throws -> [String] {
        try UpdateMessage.decode(list(names)).map { loadBalancer in
            loadBalancer.key.proxyKind.rawValue + (loadBalancer.key.id.map { " \($0)" } ?? "")
        }
    }

    @Test(
        "has no id in its keys if there is one, or one of each kind",
        arguments: [
            ["HTTP"], ["HTTP:web"], ["TCP"], ["HTTPS:web"], ["GALERA"], ["GALERA:db"], ["HTTP", "TCP"],
            ["TCP", "HTTP"],
            ["HTTP:a", "TCP:a"], ["HTTP:a", "TCP"], ["HTTP", "HTTPS"], ["HTTPS:b", "HTTP:a"],
        ]
    )
    func withoutIDs(names: [String]) throws {
        let kinds = names.map { $0.hasPrefix("HTTP") && !$0.hasPrefix("HTTPS") ? "http" : "tcp" }
        #expect(try Self.keys(names) == kinds)
        for spelling in UpdateMessage.spellings {
            let loadBalancers = try UpdateMessage.decode(Self.list(names), spelling: spelling)
            #expect(try !LoadBalancerSet(loadBalancers).usesIDs)
        }
    }

    @Test(
        "has each id in its keys otherwise",
        arguments: [
            ["HTTP:a", "HTTP:b"], ["TCP:a", "TCP:b"], ["TCP:a", "HTTPS:b"], ["HTTP:a", "TCP:b", "TCP:c"],
            ["HTTP:a", "HTTP:b", "TCP:c"], ["GALERA:a", "HTTP:b"], ["GALERA:a", "TCP:b"], ["GALERA:a", "GALERA:b"],
            ["HTTP:in", "HTTP:servers", "TCP:http-in", "HTTP:a.b_c-d"],
        ]
    )
    func withIDs(names: [String]) throws {
        let expected = names.map { name in
            let parts = name.split(separator: ":")
            return "\(parts[0] == "HTTP" ? "http" : "tcp") \(parts[1])"
        }
        #expect(try Self.keys(names) == expected)
    }

    static let rows: [Refusal] = [
        Refusal(
            list(["HTTP", "HTTP"]),
            "",
            "must be one HTTP and one TCP load balancer if there are two, not HTTP and"
        ),
        Refusal(list(["TCP", "HTTPS"]), "", "not TCP and HTTPS, unless each has an id"),
        Refusal(list(["HTTP:a", "HTTP"]), "[1].id", "is missing; each load balancer needs an id, unless there is one"),
        Refusal(list(["HTTP", "HTTP:a"]), "[0].id", "is missing; each load balancer needs an id, unless there is one"),
        Refusal(list(["HTTP:a", "TCP", "HTTP:b"]), "[1].id", "is missing"),
        Refusal(list(["HTTP", "TCP", "HTTP"]), "[0].id", "is missing"),
        Refusal(list(["HTTP", "GALERA"]), "", "not HTTP and GALERA, unless each has an id"),
        Refusal(list(["HTTP:a", "TCP:b", "HTTP:a"]), "[2].id", #"is "a", the same as [0]"#),
        Refusal(list(["HTTP:a", "HTTP:a"]), "[1].id", #"is "a", the same as [0]"#),
        Refusal(list(["HTTP:c", "HTTP:a", "TCP:b", "TCP:a"]), "[3].id", #"is "a", the same as [1]"#),
        Refusal(
            [member("HTTP:a", port: 80), member("HTTP:b", port: 81), member("TCP:c", port: 80)].joined(separator: ","),
            "[2].port",
            "is 80, the same as [0]"
        ),
        Refusal(
            [
                member("HTTP:a", port: 80, address: "10.0.0.1"), member("HTTP:b", port: 80, address: "10.0.0.2"),
                member("HTTP:c", port: 80, address: "10.0.0.1"),
            ].joined(separator: ","),
            "[2].port",
            "is 80, the same as [0]"
        ),
        Refusal(
            [
                member("HTTP:a", port: 80, address: "10.0.0.1"), member("HTTP:b", port: 80, address: "10.0.0.2"),
                member("HTTP:c", port: 80, address: "0.0.0.0"),
            ].joined(separator: ","),
            "[2].port",
            "is 80, the same as [0]"
        ),
        Refusal(list((0...100).map { "HTTP:lb-\($0)" }), "", "has 101 load balancers; the limit is 100"),
    ]

    @Test("is a FAIL with the member at fault", arguments: rows)
    func refusals(row: Refusal) async throws {
        try await row.check(message: UpdateMessage.text(row.input), path: "loadbalancers\(row.path)")
    }

    @Test("allows one port on several addresses")
    func addresses() throws {
        let list = (1...3).map { Self.member("HTTP:lb-\($0)", port: 80, address: "10.0.0.\($0)") }
        #expect(try UpdateMessage.decode(list.joined(separator: ",")).count == 3)
    }

    @Test("obeys the limit of load balancers and that of nodes", arguments: [1, 2, 7, 1000])
    func limits(limit: Int) throws {
        func decode(_ count: Int) throws -> Int {
            let text = UpdateMessage.text(Self.list((0..<count).map { "HTTP:lb-\($0)" }))
            let document = try JSONDocument(Array(text.utf8))
            let message = try Message(document, limits: MessageLimits(loadBalancerCount: limit))
            guard case .update(let set) = message.action else { return 0 }
            return set.loadBalancers.count
        }
        #expect(try decode(limit) == limit)
        let error = #expect(throws: MessageError.self) { _ = try decode(limit + 1) }
        #expect(error.map { "\($0)".contains("the limit is \(limit)") } == true, "\(error.map { "\($0)" } ?? "")")
    }

    @Test(
        "is the same after it was stored",
        arguments: [
            ["HTTP:web"], ["HTTP:a", "TCP:b"], ["HTTP:a", "HTTP:b"], ["GALERA:a", "TCP:b", "HTTP:c"],
            (0..<100).map { "\($0.isMultiple(of: 2) ? "TCP" : "HTTP"):lb-\($0)" }, (0..<150).map { "HTTP:lb-\($0)" },
        ]
    )
    func roundTrip(names: [String]) throws {
        let text = UpdateMessage.text(Self.list(names))
        let message = try Message(JSONDocument(Array(text.utf8)), limits: MessageLimits(loadBalancerCount: 200))
        guard case .update(let set) = message.action else { return }
        let read = try #require(LoadBalancerSet(message: set.message))
        #expect(read == set)
        #expect(read.loadBalancers.map(\.key) == set.loadBalancers.map(\.key))
        #expect(read.usesIDs == (names.count > 2 || names == ["HTTP:a", "HTTP:b"]))
    }

    @Test("sorts its keys by kind and id")
    func order() throws {
        let ids: [(ProxyKind, String)] = [(.tcp, "b"), (.http, "b"), (.http, "B"), (.tcp, "a"), (.http, "a")]
        let keys = try ids.map { LoadBalancerKey($0, id: try Identifier($1)) }.sorted()
        #expect(keys.map(\.proxyKind) == [.http, .http, .http, .tcp, .tcp])
        #expect(keys.map { $0.id?.description } == ["B", "a", "b", "a", "b"])
        #expect(LoadBalancerKey.http < keys[0])
    }
}
