// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import TestServers
import Testing

@testable import HAProxyDriver

/// How clients stay with their nodes, in the default pool and in another one.
@Suite(Requirement.haproxy.trait)
struct PersistenceTests {
    /// Nodes that respond with their names; `/login` also sets the cookie `SID`.
    private struct Nodes {
        let servers: [LoopbackServer]

        init(_ names: String...) throws {
            servers = try names.map { name in
                try LoopbackServer { connection, _ in
                    var count = 0
                    while let head = connection.readHead() {
                        count += 1
                        let fields = head.contains("login ") ? ["Set-Cookie: SID=\(name)-\(count); Path=/"] : []
                        connection.answer("200 OK", headers: fields, name)
                    }
                }
            }
        }

        func stop() { for server in servers { server.stop() } }

        /// The JSON of the nodes with these places.
        func json(_ places: [Int]) -> String {
            let nodes = places.map { #"{"id": "\#($0)", "address": "127.0.0.1", "port": \#(servers[$0].port)}"# }
            return #""nodes": [\#(nodes.joined(separator: ", "))]"#
        }
    }

    /// The pool under test, and the start of the paths that it serves.
    enum Place: String, CaseIterable, Sendable {
        case standard = ""
        case other = "/other"

        func members(_ pool: String, _ rest: String) -> String {
            switch self {
            case .standard: return "\(pool), \(rest)"
            case .other:
                let rule = #"{"type": "PATH", "compare_type": "STARTS_WITH", "value": "/other"}"#
                return """
                    "nodes": [], "pools": [{"id": "p", \(pool)}], \(rest),
                    "l7policies": [{"action": "REDIRECT_TO_POOL", "redirect_pool_id": "p", "rules": [\(rule)]}]
                    """
            }
        }

        var backend: String { self == .standard ? "http-servers" : "http-servers:p" }
    }

    private func apply(
        _ device: DeviceUnderTest,
        _ place: Place,
        _ nodes: String,
        _ persistence: String,
        retries: Int = 3,
        acceptsProxyProtocol: Bool = false
    ) async throws {
        let pool = #"\#(nodes), "session_persistence": {\#(persistence)}"#
        let rest = #""options": {"connect_retries": \#(retries)}, "accept_proxy_protocol": \#(acceptsProxyProtocol)"#
        try await device.driver.apply(device.decode(place.members(pool, rest)))
    }

    private func get(_ device: DeviceUnderTest, _ path: String, cookie: String? = nil) async throws -> RawAnswer {
        let field = cookie.map { "\nCookie: \($0)" } ?? ""
        return try await RawAnswer.to("GET \(path) HTTP/1.1\nHost: test" + field, device.httpPort)
    }

    /// The names of the nodes that answer several requests.
    private func seen(_ device: DeviceUnderTest, _ path: String, cookie: String? = nil) async throws -> Set<String> {
        var seen: Set<String> = []
        for _ in 0..<6 { seen.insert(try await get(device, path, cookie: cookie).body) }
        return seen
    }

    @Test(arguments: Place.allCases)
    func byACookieOfTheLoadBalancer(place: Place) async throws {
        let nodes = try Nodes("a", "b", "c")
        defer { nodes.stop() }
        try await withDevice { device in
            let path = place.rawValue + "/x"
            let persistence = #""type": "HTTP_COOKIE", "persistence_timeout": 600"#
            try await apply(device, place, nodes.json([0, 1]), persistence)
            let answer = try await get(device, path)
            let field = try #require(answer.values("set-cookie").first)
            #expect(field.hasPrefix(place == .standard ? "SERVERID=" : "SERVERID-p="))
            #expect(field.contains("HttpOnly") && !field.contains("Secure"))
            let cookie = String(field.prefix { $0 != ";" })
            #expect(try await seen(device, path, cookie: cookie) == [answer.body])
            #expect(try await seen(device, path) == ["a", "b"])
            // A node is added, at run time.
            try await apply(device, place, nodes.json([0, 1, 2]), persistence)
            #expect(try await seen(device, path, cookie: cookie) == [answer.body])
            #expect(try await seen(device, path) == ["a", "b", "c"])
            #expect(try await device.processes()?.reloads == 0)
            try await apply(device, place, nodes.json([0, 1, 2]), persistence, retries: 5)
            #expect(try await device.processes()?.reloads == 1)
            #expect(try await seen(device, path, cookie: cookie) == [answer.body])
            // The client's node is removed, and returns.
            let own = answer.body == "a" ? 0 : 1
            try await apply(device, place, nodes.json([1 - own, 2]), persistence, retries: 5)
            #expect(try await !seen(device, path, cookie: cookie).contains(answer.body))
            try await apply(device, place, nodes.json([0, 1, 2]), persistence, retries: 5)
            #expect(try await device.processes()?.reloads == 1)
            #expect(try await seen(device, path, cookie: cookie) == [answer.body])
            // An idle client's cookie expires.
            try await apply(device, place, nodes.json([0, 1, 2]), #""type": "HTTP_COOKIE", "persistence_timeout": 1"#)
            let fresh = try await get(device, path)
            let short = String((fresh.values("set-cookie").first ?? "").prefix { $0 != ";" })
            try await eventually("the cookie has expired") {
                // A new cookie means that the old one was not accepted.
                try await seen(device, path, cookie: short) != [fresh.body]
            }
        }
    }

    /// One client uses both pools by turns, and keeps its node in each.
    @Test
    func poolsDoNotReplaceOneAnothersCookies() async throws {
        let nodes = try Nodes("a", "b", "c", "d")
        defer { nodes.stop() }
        try await withDevice { device in
            let rule = #"{"type": "PATH", "compare_type": "STARTS_WITH", "value": "/other"}"#
            try await device.driver.apply(
                device.decode(
                    """
                    \(nodes.json([0, 1])), "pools": [{"id": "p", \(nodes.json([2, 3]))}],
                    "l7policies": [{"action": "REDIRECT_TO_POOL", "redirect_pool_id": "p", "rules": [\(rule)]}]
                    """
                )
            )
            var jar: [Substring: Substring] = [:]
            var seen: [String: Set<String>] = [:]
            for _ in 0..<6 {
                for path in ["/x", "/other/x"] {
                    let cookie = jar.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
                    let answer = try await get(device, path, cookie: cookie)
                    for field in answer.values("set-cookie") {
                        let parts = field.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1)
                        jar[parts[0]] = parts[1]
                    }
                    seen[path, default: []].insert(answer.body)
                }
            }
            #expect(seen["/x"]?.count == 1 && seen["/other/x"]?.count == 1, "\(seen)")
        }
    }

    @Test(arguments: Place.allCases)
    func byACookieOfTheNodes(place: Place) async throws {
        let nodes = try Nodes("a", "b", "c")
        defer { nodes.stop() }
        try await withDevice { device in
            let path = place.rawValue + "/x"
            let persistence = #""type": "APP_COOKIE", "cookie_name": "SID", "persistence_timeout": 600"#
            try await apply(device, place, nodes.json([0, 1]), persistence)
            let login = try await get(device, place.rawValue + "/login")
            let other = try await get(device, place.rawValue + "/login")
            #expect(login.body != other.body)
            func cookie(_ answer: RawAnswer) -> String {
                String((answer.values("set-cookie").first ?? "").prefix { $0 != ";" })
            }
            #expect(cookie(login) == "SID=\(login.body)-1")
            func expectFaithful() async throws {
                for answer in [login, other] {
                    #expect(try await seen(device, path, cookie: cookie(answer)) == [answer.body])
                    #expect(try await seen(device, path, cookie: "x=y; " + cookie(answer)) == [answer.body])
                }
            }
            try await expectFaithful()
            #expect(try await seen(device, path).count == 2)
            #expect(try await seen(device, path, cookie: "SID=unknown").count == 2)
            try await apply(device, place, nodes.json([0, 1, 2]), persistence)
            #expect(try await seen(device, path).count == 3)
            try await expectFaithful()
            #expect(try await device.processes()?.reloads == 0)
            try await waitForPeers(device)
            try await apply(device, place, nodes.json([0, 1, 2]), persistence, retries: 5)
            #expect(try await device.processes()?.reloads == 1)
            try await expectTable(device, place, entries: 2)
            try await expectFaithful()
            // A node's client goes elsewhere while the node is away.
            let own = login.body == "a" ? 0 : 1
            try await apply(device, place, nodes.json([1 - own, 2]), persistence, retries: 5)
            #expect(try await !seen(device, path, cookie: cookie(login)).contains(login.body))
            #expect(try await seen(device, path, cookie: cookie(other)) == [other.body])
            try await apply(device, place, nodes.json([0, 1, 2]), persistence, retries: 5)
            #expect(try await seen(device, path, cookie: cookie(login)).count == 1)
            #expect(try await device.processes()?.reloads == 1)
        }
    }

    @Test(arguments: Place.allCases)
    func byTheClientsAddress(place: Place) async throws {
        let nodes = try Nodes("a", "b", "c")
        defer { nodes.stop() }
        try await withDevice { device in
            let persistence = #""type": "SOURCE_IP", "persistence_timeout": 601"#
            func apply(_ places: [Int], retries: Int = 3) async throws {
                try await self.apply(
                    device,
                    place,
                    nodes.json(places),
                    persistence,
                    retries: retries,
                    acceptsProxyProtocol: true
                )
            }
            func owners() async throws -> [String] {
                var owners: [String] = []
                for client in 1...8 {
                    let answer = try await RawAnswer.to(
                        "GET \(place.rawValue)/x HTTP/1.1\nHost: test",
                        device.httpPort,
                        after: RawClient.v1("192.0.2.\(client)")
                    )
                    owners.append(answer.body)
                }
                return owners
            }
            try await apply([0, 1])
            let first = try await owners()
            #expect(Set(first) == ["a", "b"])
            #expect(try await owners() == first)
            try await apply([0, 1, 2])
            #expect(try await owners() == first)
            #expect(try await device.processes()?.reloads == 0)
            try await waitForPeers(device)
            try await apply([0, 1, 2], retries: 5)
            #expect(try await device.processes()?.reloads == 1)
            try await expectTable(device, place, entries: 8)
            #expect(try await owners() == first)
            try await apply([1, 2], retries: 5)
            let second = try await owners()
            for (before, after) in zip(first, second) { #expect(before == "a" ? after != "a" : after == before) }
            try await apply([0, 1, 2], retries: 5)
            #expect(try await owners() == second)
            #expect(try await device.processes()?.reloads == 1)
        }
    }

    @Test(arguments: Place.allCases)
    func notAtAll(place: Place) async throws {
        let nodes = try Nodes("a", "b", "c")
        defer { nodes.stop() }
        try await withDevice { device in
            let path = place.rawValue + "/x"
            try await apply(device, place, nodes.json([0, 1]), #""type": "NONE""#)
            #expect(try await get(device, path).values("set-cookie").isEmpty)
            #expect(try await seen(device, path, cookie: "SERVERID=a; SERVERID-p=a") == ["a", "b"])
            try await apply(device, place, nodes.json([0, 1, 2]), #""type": "NONE""#)
            #expect(try await seen(device, path) == ["a", "b", "c"])
            try await apply(device, place, nodes.json([2]), #""type": "NONE""#)
            #expect(try await seen(device, path) == ["c"])
            #expect(try await device.processes()?.reloads == 0)
        }
    }

    /// A worker that was started, not reloaded, waits for a peer's table before it sends its own.
    private func waitForPeers(_ device: DeviceUnderTest) async throws {
        try await eventually("HAProxy has waited for peers") {
            try await device.command("show peers").contains("resync_timeout=<PAST>")
        }
    }

    /// Waits until the new worker has learned the table of the old one.
    private func expectTable(_ device: DeviceUnderTest, _ place: Place, entries: Int) async throws {
        try await eventually("the table has survived the reload") {
            let table = try await device.command("show table \(place.backend)")
            return table.prefix { $0 != "\n" }.hasSuffix("used:\(entries)")
        }
    }
}
