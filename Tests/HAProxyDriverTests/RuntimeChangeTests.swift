// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import TestServers
import Testing

@testable import HAProxyDriver

/// Changes of nodes by commands at run time.
@Suite(Requirement.haproxy.trait)
struct RuntimeChangeTests {
    private typealias Change = (what: String, nodes: [Node], answers: Set<String>)

    /// In sequence on one device: each has its effect without a reload, and leaves a file that equals HAProxy's running
    /// configuration.
    @Test
    func nodesAreChangedWithoutAReload() async throws {
        let back = try BackEnds(["one", "two", "three"])
        defer { back.stop() }
        try await withDevice { device in
            let (one, two, three) = (back.port("one"), back.port("two"), back.port("three"))
            try await device.driver.apply(
                LoadBalancerSet([device.http([.local("1", one)]), device.tcp([.local("1", one)])])
            )
            let changes: [Change] = [
                ("add", [try .local("1", one), try .local("2", two)], ["one", "two"]),
                ("weight", [try .local("1", one, weight: 0), try .local("2", two, weight: 9)], ["two"]),
                ("weight back", [try .local("1", one, weight: 3), try .local("2", two, weight: 9)], ["one", "two"]),
                ("drain", [try .local("1", one), try .local("2", two, .draining)], ["one"]),
                ("disable", [try .local("1", one, .disabled), try .local("2", two)], ["two"]),
                ("enable", [try .local("1", one), try .local("2", two)], ["one", "two"]),
                ("port", [try .local("1", three), try .local("2", two)], ["three", "two"]),
                ("remove", [try .local("1", three)], ["three"]),
                ("come back elsewhere", [try .local("1", three), try .local("2", one)], ["three", "one"]),
                ("replace all", [try .local("7", one), try .local("8", two, .disabled)], ["one"]),
                ("remove all", [], []),
                ("add again", [try .local("1", two)], ["two"]),
            ]
            for change in changes {
                let set = try LoadBalancerSet([device.http(change.nodes), device.tcp(change.nodes)])
                try await device.driver.apply(set)
                if !change.answers.isEmpty {
                    var answers: Set<String> = []
                    for _ in 0..<12 { answers.insert(try await HTTPClient(port: device.httpPort).get("/").text) }
                    #expect(answers == change.answers, "\(change.what)")
                    // The stick table keeps this one client on its first node.
                    _ = try await HTTPClient(port: device.tcpPort).get("/")
                }
                let states = try await device.driver.nodeStates()
                #expect(states.map(\.id) == (change.nodes + change.nodes).map(\.id), "\(change.what)")
                try await expectFileIsWhatRuns(device, set)
            }
            #expect(try await device.processes()?.reloads == 0)
        }
    }

    @Test
    func anEqualUpdateChangesNothingAtAll() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            let set = try LoadBalancerSet([device.http([.local("1", node.port)])])
            try await device.driver.apply(set)
            let files = try modificationDates(in: device)
            let before = try await device.processes()
            try await device.driver.apply(set)
            #expect(try modificationDates(in: device) == files)
            #expect(try await device.processes() == before)
        }
    }

    /// The next check would come after a minute.
    @Test
    func aNodeThatIsDownAndMovesIsUsedAtOnce() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            let monitor = try HealthMonitor(kind: .connect, delay: 60, timeout: 30, attempts: 1)
            let old = [try Node.local("1", FreePort.next())]
            try await device.driver.apply(LoadBalancerSet([device.http(old, monitor: monitor)]))
            try await eventually("the node is down") { try await device.driver.nodeStates().map(\.state) == [.down] }
            let moved = [try Node.local("1", node.port)]
            try await device.driver.apply(LoadBalancerSet([device.http(moved, monitor: monitor)]))
            #expect(try await device.driver.nodeStates().map(\.state) == [.up])
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "node")
            #expect(try await device.processes()?.reloads == 0)
        }
    }

    /// After each change it is the previously served file.
    @Test
    func theLastGoodFileIsTheOneBefore() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            var before: String?
            // A start, then a change without a reload, one with a reload, and another without.
            for (weight, retries) in [(1, 1), (2, 1), (3, 2), (4, 2)] {
                let options = try ConnectionOptions(connectRetries: retries)
                let nodes = [try Node.local("1", node.port, weight: weight)]
                try await device.driver.apply(LoadBalancerSet([device.http(nodes, options: options)]))
                let file = try String(contentsOfFile: device.file("haproxy.cfg"), encoding: .utf8)
                #expect(file.contains("weight \(weight)"))
                let lastGood = try? String(contentsOfFile: device.file("haproxy.cfg.last-good"), encoding: .utf8)
                #expect(lastGood == before)
                before = file
            }
            #expect(try await device.processes()?.reloads == 1)
        }
    }

    /// HAProxy derives a cookie from an address and a port, which are the same for both nodes.
    @Test
    func nodesAtOnePlaceHaveCookiesOfTheirOwn() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            let nodes = [try Node.local("1", node.port), try Node.local("2", node.port)]
            try await device.driver.apply(LoadBalancerSet([device.http([nodes[0]])]))
            try await device.driver.apply(LoadBalancerSet([device.http(nodes)]))
            var cookies: Set<String> = []
            for _ in 0..<4 { cookies.insert(try #require(try await HTTPClient(port: device.httpPort).get("/").cookie)) }
            #expect(cookies.count == 2)
            for cookie in cookies {
                let before = try await sessions(device)
                for _ in 0..<4 { _ = try await HTTPClient(port: device.httpPort).get("/", cookie: cookie) }
                let after = try await sessions(device)
                let more = after.merging(before) { $0 - $1 }
                #expect(more.values.sorted() == [0, 4], "\(cookie): \(more)")
            }
        }
    }

    @Test
    func cookiesOfAddedNodesOutliveAReload() async throws {
        let back = try BackEnds(["one", "two"])
        defer { back.stop() }
        try await withDevice { device in
            let nodes = [try Node.local("1", back.port("one")), try Node.local("2", back.port("two"))]
            try await device.driver.apply(LoadBalancerSet([device.http([nodes[0]])]))
            try await device.driver.apply(LoadBalancerSet([device.http(nodes)]))
            var cookies: [String: String] = [:]
            for _ in 0..<8 {
                let answer = try await HTTPClient(port: device.httpPort).get("/")
                cookies[answer.text] = answer.cookie
            }
            #expect(cookies.count == 2)
            let options = try ConnectionOptions(connectRetries: 1)
            try await device.driver.apply(LoadBalancerSet([device.http(nodes, options: options)]))
            #expect(try await device.processes()?.reloads == 1)
            for (name, cookie) in cookies {
                for _ in 0..<4 {
                    #expect(try await HTTPClient(port: device.httpPort).get("/", cookie: cookie).text == name)
                }
            }
        }
    }

    /// A node with a connection is deleted only after that has ended; it can be added again before.
    @Test
    func aBusyNodeLeavesAndComesBack() async throws {
        let back = try BackEnds(["one", "two"])
        defer { back.stop() }
        try await withDevice { device in
            let nodes = [try Node.local("1", back.port("one")), try Node.local("2", back.port("two"))]
            try await device.driver.apply(LoadBalancerSet([device.tcp([nodes[0]])]))
            let client = try await HTTPClient(port: device.tcpPort)
            #expect(try await client.get("/").text == "one")
            try await device.driver.apply(LoadBalancerSet([device.tcp([nodes[1]])]))
            #expect(try await client.get("/").text == "one", "the open connection continues")
            #expect(try await device.driver.nodeStates().map(\.id.description) == ["2"])
            try await device.driver.apply(LoadBalancerSet([device.tcp([nodes[0]])]))
            #expect(try await HTTPClient(port: device.tcpPort).get("/").text == "one")
            try await device.driver.apply(LoadBalancerSet([device.tcp([nodes[1]])]))
            client.close()
            try await supervised(device.driver) {
                try await eventually("the node is deleted", within: 60) {
                    try await device.servers().map(\.name.node.description) == ["2"]
                }
            }
            #expect(try await device.processes()?.reloads == 0)
        }
    }

    @Test
    func aSuspendedDeviceIsChangedToo() async throws {
        let back = try BackEnds(["one", "two"])
        defer { back.stop() }
        try await withDevice { device in
            try await device.driver.apply(LoadBalancerSet([device.http([.local("1", back.port("one"))])]))
            try await device.driver.suspend()
            try await device.driver.apply(LoadBalancerSet([device.http([.local("2", back.port("two"))])]))
            #expect(try await device.driver.status() == .suspended)
            await #expect(throws: (any Error).self) { _ = try await HTTPClient(port: device.httpPort).get("/") }
            try await device.driver.enable()
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "two")
            #expect(try await device.processes()?.reloads == 0)
        }
    }

    /// If HAProxy rejects a command halfway, the driver reloads: here, a server number is already in use.
    @Test
    func aRefusedCommandEndsInAReload() async throws {
        let back = try BackEnds(["one", "two"])
        defer { back.stop() }
        try await withDevice { device in
            let nodes = [try Node.local("1", back.port("one")), try Node.local("2", back.port("two"))]
            func set(_ nodes: [Node]) throws -> LoadBalancerSet {
                try LoadBalancerSet([device.http(nodes, algorithm: .sourceIP)])
            }
            try await device.driver.apply(set([nodes[0]]))
            var numbers = ServerNumbers()
            let number = numbers.next(for: nodes[1].id)
            let answer = try await device.command("add server http-servers/other 127.0.0.1:1 id \(number)")
            #expect(answer.contains("registered"))
            // The first command succeeds, and the second does not.
            let wanted = try set([.local("1", back.port("one"), weight: 0), nodes[1]])
            try await device.driver.apply(wanted)
            #expect(try await device.processes()?.reloads == 1)
            try await expectFileIsWhatRuns(device, wanted)
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "two")
        }
    }

    // MARK: -

    /// The number of sessions of each HTTP node.
    private func sessions(_ device: DeviceUnderTest) async throws -> [Substring: Int] {
        let table = try #require(StatisticsTable(try await device.command("show stat http-servers 4 -1")))
        return Dictionary(uniqueKeysWithValues: table.rows.map { ($0["svname"], Int($0["stot"]) ?? -1) })
    }

    private func modificationDates(in device: DeviceUnderTest) throws -> [String: Date] {
        let names = try FileManager.default.contentsOfDirectory(atPath: device.folder.path)
        return Dictionary(
            uniqueKeysWithValues: try names.map { name in
                let attributes = try FileManager.default.attributesOfItem(atPath: device.file(name))
                return (name, attributes[.modificationDate] as? Date ?? .distantPast)
            }
        )
    }

    private func expectFileIsWhatRuns(_ device: DeviceUnderTest, _ set: LoadBalancerSet) async throws {
        let rendered = HAProxyRenderer(device.configuration).render(set, isSuspended: false)
        #expect(try String(contentsOfFile: device.file("haproxy.cfg"), encoding: .utf8) == rendered.text)
        let running = RunningState(configuration: rendered, servers: try await device.servers())
        #expect(ChangePlan(from: running, to: rendered) == .nothing)
    }
}
