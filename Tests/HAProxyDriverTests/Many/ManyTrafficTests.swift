// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import SteelyardCore
import TestServers
import Testing

@testable import HAProxyDriver

/// Many load balancers on one device, with a real HAProxy.
@Suite(Requirement.haproxy.trait)
struct ManyTrafficTests {
    /// Every id that has a special meaning in a name of HAProxy, a log line or a variable.
    private static let ids = [
        "web", "in", "servers", "http", "a.b-c_d", "x-in", "-", "UP", String(repeating: "z", count: 64),
    ]

    @Test
    func eachReachesItsNodesAndIsMeteredUnderItsID() async throws {
        let back = try BackEnds(Self.ids)
        defer { back.stop() }
        try await withDevice { device in
            let set = try LoadBalancerSet(
                Self.ids.enumerated().map { index, id in
                    try device.named(
                        id,
                        index.isMultiple(of: 3) ? .tcp : .http,
                        port: FreePort.next(),
                        [.local("1", back.port(id))]
                    )
                }
            )
            try await device.driver.apply(set)
            let received = Received()
            for (index, loadBalancer) in set.loadBalancers.enumerated() {
                let port = Int(loadBalancer.port.number)
                #expect(try await received.get("/", loadBalancer.key, port) == Self.ids[index])
                try await received.get("/bytes/\(1000 + index)", loadBalancer.key, port)
            }
            try await expectExact(device.driver, received)

            let nodes = try await device.driver.nodeStates()
            #expect(nodes.map { $0.loadBalancer?.description } == Self.ids)
            #expect(nodes.map { $0.listenerProtocol } == set.loadBalancers.map { $0.protocol })
            #expect(nodes.allSatisfy { $0.id.description == "1" && $0.pool == nil && $0.state == .up })

            let report = try await device.driver.usage()
            #expect(Set(report.entries.map(\.key)) == Set(set.loadBalancers.map(\.key)))
            let sums = report.summedEntries.prefix(2)
            #expect(sums.map(\.key) == [.http, .tcp])
            for sum in sums {
                let parts = report.entries.filter { $0.proxyKind == sum.proxyKind }
                #expect(sum.bytesOut == parts.reduce(0) { $0 + $1.bytesOut })
            }
        }
    }

    /// Three protocols, and two load balancers with one of them.
    @Test(Requirement.openssl.trait)
    func theBytesOfEachAreExactWithTLS() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withTLSDevice { device, fixture in
            let nodes = [try Node.local("1", node.port)]
            let tls = try ListenerTLS(certificate: await fixture.container("standard"))
            let (web, api) = (try FreePort.next(), try FreePort.next())
            try await device.driver.apply(
                LoadBalancerSet([
                    device.named("shop", .terminatedHTTPS, port: device.httpPort, nodes, tls: tls),
                    device.named("db", .tcp, port: device.tcpPort, nodes),
                    device.named("web", port: web, nodes), device.named("api", port: api, nodes),
                ])
            )
            let received = Received()
            for round in 1...3 {
                try await received.get("/bytes/\(round * 1000)", .tcp("db"), device.tcpPort)
                try await received.get("/bytes/\(round * 300)", .http("web"), web)
                try await received.get("/bytes/\(round * 70_000)", .http("api"), api)
                let sizes = try await fixture.curl(
                    device,
                    host: "standard.example.com",
                    path: "/bytes/\(round * 5000)",
                    "--http1.1",
                    "-o/dev/null",
                    "-w%{size_header} %{size_download}"
                ).split(separator: " ").compactMap { UInt64($0) }
                await received.add(sizes.reduce(0, +), try .http("shop"))
            }
            try await expectExact(device.driver, received)
            let expected = await received.bytes
            let http = try ["api", "shop", "web"].map { try LoadBalancerKey.http($0) }
            let entries = try await device.driver.usage().summedEntries
            #expect(entries.map(\.key) == [.http, .tcp] + http + [try .tcp("db")])
            #expect(entries[0].bytesOut == http.reduce(0) { $0 + (expected[$1] ?? 0) })
            #expect(entries[1].bytesOut == expected[try .tcp("db")])
        }
    }

    @Test
    func aNodeOfOneIsChangedWithoutAReload() async throws {
        let back = try BackEnds(["one", "two"])
        defer { back.stop() }
        try await withDevice { device in
            let ports = try (0..<3).map { _ in try FreePort.next() }
            func set(_ weights: [Int], _ condition: NodeCondition = .enabled) throws -> LoadBalancerSet {
                try LoadBalancerSet(
                    zip(["web", "api", "db"], weights).enumerated().map { index, entry in
                        try device.named(
                            entry.0,
                            index == 2 ? .tcp : .http,
                            port: ports[index],
                            [
                                .local("1", back.port("one"), weight: entry.1),
                                .local("2", back.port("two"), index == 1 ? condition : .enabled),
                            ]
                        )
                    }
                )
            }
            try await device.driver.apply(set([1, 1, 1]))
            for (change, wanted) in [
                ("weight", try set([1, 7, 1])), ("another", try set([1, 7, 9])), ("back", try set([1, 1, 1])),
                ("drain", try set([1, 1, 1], .draining)),
            ] {
                #expect(try await device.driver.preview(.apply(wanted)).hasPrefix("without a reload: "), "\(change)")
                try await device.driver.apply(wanted)
                let weights = try await device.servers().filter { $0.name.node.description == "1" }.map(\.weight)
                #expect(weights == wanted.loadBalancers.map { Int($0.nodes[0].weight) }, "\(change)")
                try await device.expectRuns(wanted)
            }
            #expect(try await device.processes()?.reloads == 0)
            let states = try await device.driver.nodeStates().filter { $0.id.description == "2" }.map(\.state)
            #expect(states == [.up, .draining, .up])
            for _ in 0..<4 { #expect(try await HTTPClient(port: ports[1]).get("/").text == "one") }
        }
    }

    @Test
    func othersComeAndGoWithoutABrokenRequest() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            let nodes = [try Node.local("1", node.port)]
            let ports = try (0..<4).map { _ in try FreePort.next() }
            func set(_ ids: [String]) throws -> LoadBalancerSet {
                try LoadBalancerSet(
                    ids.enumerated().map { try device.named($1, $0 == 1 ? .tcp : .http, port: ports[$0], nodes) }
                )
            }
            try await device.driver.apply(set(["web", "db", "api"]))
            let load = HTTPLoad(
                port: ports[0],
                body: Array("node".utf8),
                clients: [
                    .init(keepsAlive: true), .init(keepsAlive: false), .init(keepsAlive: true, rest: .milliseconds(5)),
                ]
            )
            for round in 0..<3 {
                try await device.driver.apply(set(["web", "db", "api", "new-\(round)"]))
                #expect(try await HTTPClient(port: ports[3]).get("/").text == "node")
                try await device.driver.apply(set(["web", "db", "api"]))
                #expect(try await !LoopbackSocket.accepts(ports[3]))
                let before = load.now.answers
                try await eventually("clients continue") { load.now.answers > before + 20 }
            }
            #expect(try await device.processes()?.reloads == 6)
            let tally = try await load.stop()
            #expect(tally.failures == [])
            #expect(tally.answers > 60)
        }
    }

    /// The old worker may not have closed the port yet.
    @Test
    func aPortIsOpenedAgainRightAfterItWasClosed() async throws {
        try await withDevice { device in
            let web = try device.named("web", port: device.httpPort, [])
            let both = try LoadBalancerSet([web, device.named("api", port: device.tcpPort, [])])
            for _ in 0..<15 {
                try await device.driver.apply(both)
                try await device.driver.apply(LoadBalancerSet([web]))
            }
            #expect(try await device.processes()?.reloads == 29)
        }
    }

    @Test
    func aSuspensionClosesAllAndEnableOpensAll() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            let nodes = [try Node.local("1", node.port)]
            let ports = try (0..<4).map { _ in try FreePort.next() }
            let set = try LoadBalancerSet(
                ports.enumerated().map { try device.named("lb-\($0)", $0 < 2 ? .http : .tcp, port: $1, nodes) }
            )
            try await device.driver.apply(set)
            for _ in 0..<2 {
                try await device.driver.suspend()
                #expect(try await device.driver.status() == .suspended)
                for port in ports { #expect(try await !LoopbackSocket.accepts(port)) }
                try await device.driver.enable()
                for port in ports { #expect(try await HTTPClient(port: port).get("/").text == "node") }
            }
            #expect(try await device.processes()?.reloads == 0)
            #expect(try await device.driver.nodeStates().count == 4)
        }
    }

    @Test
    func aTakenPortIsNamedAndTheOthersServe() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            let nodes = [try Node.local("1", node.port)]
            let ports = try (0..<3).map { _ in try FreePort.next() }
            let old = try LoadBalancerSet([
                device.named("web", port: ports[0], nodes), device.named("db", .tcp, port: ports[1], nodes),
                device.named("api", port: ports[2], nodes),
            ])
            try await device.driver.apply(old)
            let before = try await device.processes()
            let (file, entries) = (
                try String(contentsOfFile: device.file("haproxy.cfg"), encoding: .utf8),
                try await device.driver.usage().entries
            )
            let taken = try LoadBalancerSet(
                old.loadBalancers + [device.named("late", port: node.port, [.local("1", FreePort.next())])]
            )
            let error = await #expect(throws: DriverError.self) { try await device.driver.apply(taken) }
            #expect(error?.code == .addressInUse)
            #expect(error?.field == LoadBalancerField(loadBalancer: 3, name: "port"))
            // HAProxy itself reports the conflict if a probe does not find it.
            let renderer = HAProxyRenderer(device.configuration)
            let bad = renderer.render(taken, isSuspended: false)
            try bad.text.write(toFile: device.file("haproxy.cfg"), atomically: true, encoding: .utf8)
            let reported = await #expect(throws: DriverError.self) { try await device.reload(bad) }
            #expect(reported?.field == LoadBalancerField(loadBalancer: 3, name: "port"))
            try await device.driver.apply(old)
            #expect(try await device.processes()?.worker == before?.worker)
            #expect(try String(contentsOfFile: device.file("haproxy.cfg"), encoding: .utf8) == file)
            #expect(try await device.driver.usage().entries == entries)
            for port in ports { #expect(try await HTTPClient(port: port).get("/").text == "node") }
        }
    }

    /// HAProxy rejects the file; the device keeps the form without ids.
    @Test(Requirement.openssl.trait)
    func aRejectedUpdateChangesNothing() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withTLSDevice { device, fixture in
            let nodes = [try Node.local("1", node.port)]
            let old = try LoadBalancerSet([device.named("web", port: device.httpPort, nodes)])
            try await device.driver.apply(old)
            let tls = try ListenerTLS(certificate: await fixture.container("standard"), ciphers: TLSCiphers("NOSUCH"))
            let bad = try LoadBalancerSet(
                old.loadBalancers + [
                    device.named("shop", .terminatedHTTPS, port: device.tcpPort, nodes, tls: tls),
                    device.named("api", port: FreePort.next(), nodes),
                ]
            )
            let error = await #expect(throws: DriverError.self) { try await device.driver.apply(bad) }
            #expect(error?.code == .rejected)
            #expect(error?.field?.loadBalancer == 1)
            let text = try String(contentsOfFile: device.file("haproxy.cfg"), encoding: .utf8)
            #expect(text == HAProxyRenderer(device.configuration).render(old, isSuspended: false).text)
            #expect(!FileManager.default.fileExists(atPath: device.file("log-owners.json")))
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "node")
            #expect(try await device.driver.usage().entries.map(\.key) == [.http])
        }
    }

    @Test
    func aDryRunShowsTheOthersAndChangesNothing() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            let nodes = [try Node.local("1", node.port)]
            let old = try LoadBalancerSet([device.named("web", port: device.httpPort, nodes)])
            try await device.driver.apply(old)
            let before = try await device.processes()
            let names = try FileManager.default.contentsOfDirectory(atPath: device.folder.path).sorted()
            let text = try await device.driver.preview(
                .apply(LoadBalancerSet(old.loadBalancers + [device.named("api", port: device.tcpPort, nodes)]))
            )
            for part in ["http-web is new", "http was removed", "-frontend http-in", "+frontend http-web-in"] {
                #expect(text.contains(part), "\(text)")
            }
            #expect(text.hasPrefix("reload"))
            #expect(try await device.processes() == before)
            #expect(try FileManager.default.contentsOfDirectory(atPath: device.folder.path).sorted() == names)
            #expect(try await !LoopbackSocket.accepts(device.tcpPort))
        }
    }

    @Test
    func aFrontEndThatWasDisabledByHandIsFoundAndOpened() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            let recorder = LogRecorder()
            let driver = try HAProxyDriver(
                configuration: device.configuration,
                logger: Logger(label: "test") { _ in recorder }
            )
            let nodes = [try Node.local("1", node.port)]
            let api = try FreePort.next()
            let set = try LoadBalancerSet([
                device.named("web", port: device.httpPort, nodes),
                device.named("db", .tcp, port: device.tcpPort, nodes),
                device.named("api", port: api, nodes),
            ])
            try await driver.apply(set)
            await driver.lookForDrift()
            try await device.command("disable frontend http-api-in")
            try await device.command("set server http-web-servers/id-1 weight 9")
            await driver.lookForDrift()
            await #expect(throws: DriverError.self) { _ = try await driver.status() }
            let drifts = recorder.lines.filter { $0.contains("another program changed") }
            #expect(drifts.count == 1 && drifts[0].contains("opened or closed http-api"), "\(drifts)")
            try await driver.apply(set)
            #expect(try await HTTPClient(port: api).get("/").text == "node")
            #expect(try await driver.nodeStates().count == 3)
            #expect(try await device.servers().map(\.weight) == [1, 1, 1])
        }
    }
}
