// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import SteelyardSystem
import Synchronization
import SystemPackage
import TestServers
import Testing

@testable import HAProxyDriver

/// Nodes with host names, which the agent resolves.
@Suite
struct NodeAddressTests {
    private static func set(_ names: [String], port: Int = 80) throws -> LoadBalancerSet {
        let nodes = try names.enumerated().map { place, name in
            try Node(id: Identifier("n\(place)"), address: HostAddress(name), port: Port(port))
        }
        return try LoadBalancerSet([LoadBalancer(protocol: .http, port: .http, nodes: nodes)])
    }

    @Test
    func slowLookUpsAreBoundedInTimeAndThreads() async throws {
        let begun = Mutex(0)
        let most = Mutex(0)
        let gate = DispatchGroup()
        gate.enter()
        let resolver = NameResolver(threads: 4) { name in
            guard name.hasPrefix("slow") else { return ["192.0.2.1"] }
            let now = begun.withLock { count in
                count += 1
                return count
            }
            most.withLock { $0 = max($0, now) }
            gate.wait()
            begun.withLock { $0 -= 1 }
            return ["192.0.2.2"]
        }
        let slow = Set((0..<20).map { "slow-\($0)" })
        for _ in 0..<3 {
            #expect(await resolver.addresses(of: slow, within: .milliseconds(50)).isEmpty)
        }
        #expect(most.withLock { $0 } == 4)
        gate.leave()
        // Earlier queries are answered late; the others are resolved now.
        var found: NameResolver.Addresses = [:]
        try await eventually("all answers") {
            found.merge(await resolver.addresses(of: slow.subtracting(found.keys), within: .milliseconds(10))) { $1 }
            return found.count == slow.count
        }
        #expect(Set(found.values) == [["192.0.2.2"]])
        #expect(await resolver.addresses(of: ["fast"], within: .seconds(30)) == ["fast": ["192.0.2.1"]])
    }

    @Test
    func theSystemIsAsked() async {
        let resolver = NameResolver()
        let found = await resolver.addresses(of: ["localhost", "192.0.2.77"], within: .seconds(30))
        #expect(found["192.0.2.77"] == ["192.0.2.77"])
        #expect(found["localhost"]?.contains { $0 == "127.0.0.1" || $0 == "::1" } == true)
        #expect(await resolver.addresses(of: [], within: .seconds(30)).isEmpty)
    }

    @Test
    func theLastAddressesOutliveTheAgentAndAFailureOfDNS() async throws {
        try await withTemporaryFolder { folder in
            let file = FilePath(folder.appending(path: "state/addresses").path)
            let first = NodeAddresses(file, resolver: NameResolver { $0 == "a.test" ? ["192.0.2.1", "::1"] : [] })
            await first.refresh(for: try Self.set(["a.test", "b.test", "192.0.2.9"]))
            #expect(first.known("a.test").map(\.description) == ["192.0.2.1", "::1"])
            #expect(first.known("b.test").isEmpty)
            let later = NodeAddresses(file, resolver: NameResolver { _ in [] })
            #expect(later.known("a.test").map(\.description) == ["192.0.2.1", "::1"])
            await later.refresh(for: try Self.set(["a.test"]))
            #expect(later.known("a.test").map(\.description) == ["192.0.2.1", "::1"])
            // After a failed UPDATE, the previous names are kept, and older ones are not.
            await later.refresh(for: try Self.set(["c.test"]))
            #expect(!later.known("a.test").isEmpty)
            await later.refresh(for: try Self.set(["d.test"]))
            #expect(later.known("a.test").isEmpty)
        }
    }

    @Test(arguments: [
        "", "a", "\n\n \n", "a.test 192.0.2.1 nonsense ::1 300.1.1.1\n\u{0} 1\n$(x) 192.0.2.1\n192.0.2.1 192.0.2.1",
    ])
    func aDamagedFileIsReadAsFarAsItCanBe(text: String) async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "addresses")
            try text.write(to: file, atomically: true, encoding: .utf8)
            let addresses = NodeAddresses(FilePath(file.path))
            let expected = text.hasPrefix("a.test") ? ["192.0.2.1", "::1"] : []
            #expect(addresses.known("a.test").map(\.description) == expected)
            #expect(addresses.known("192.0.2.1").isEmpty && addresses.known("$(x)").isEmpty)
        }
    }

    @Test
    func anAnswerOfDNSIsNoChangeOfTheConfiguration() throws {
        let configuration = try HAProxyConfiguration(stateDirectory: "/var/lib/steelyard")
        let facts = DeviceFacts(hasIPv6: true, hasNameServer: true, descriptorLimit: nil)
        let set = try Self.set(["web.test", "localhost."])
        func rendered(_ address: String?) -> RenderedConfiguration {
            HAProxyRenderer(configuration, facts) { _ in [address].compactMap { $0.flatMap { IPAddress($0) } } }
                .render(set, isSuspended: false)
        }
        let (none, one, other) = (rendered(nil), rendered("192.0.2.1"), rendered("2001:db8::1"))
        #expect(one.text.contains("init-addr last,192.0.2.1,none"))
        #expect(other.text.contains("init-addr last,2001:db8::1,none"))
        #expect(none.text.contains("init-addr last,none") && !none.text.contains("libc"))
        // DNS returns this address for a blocked name.
        #expect(rendered("0.0.0.0").text == none.text)
        for configuration in [one, other] {
            #expect(configuration.fingerprint == none.fingerprint && configuration.structure == none.structure)
            #expect(ChangePlan(from: RunningState(loaded: configuration), to: one) == .nothing)
            #expect(ChangePlan(from: RunningState(loaded: configuration), to: none) == .nothing)
            // HAProxy may never resolve the name: it does not use search domains.
            guard case .reload = ChangePlan(from: RunningState(loaded: none), to: configuration) else {
                Issue.record("a node that had no address gets one by a reload")
                continue
            }
        }
    }

    @Test
    func withoutANameServerTheAgentAloneFollowsAName() throws {
        let configuration = try HAProxyConfiguration(stateDirectory: "/var/lib/steelyard")
        let facts = DeviceFacts(hasIPv6: true, hasNameServer: false, descriptorLimit: nil)
        let set = try Self.set(["web.test"])
        func rendered(_ address: String) -> RenderedConfiguration {
            HAProxyRenderer(configuration, facts) { _ in IPAddress(address).map { [$0] } ?? [] }
                .render(set, isSuspended: false)
        }
        let plan = ChangePlan(from: RunningState(loaded: rendered("192.0.2.1")), to: rendered("192.0.2.2"))
        guard case .runtime(let changes) = plan else { throw ServerFailure("\(plan)") }
        #expect(changes.flatMap(\.commands).map(\.text) == ["set server http-servers/id-n0 addr 192.0.2.2 port 80"])
    }

    @Test(Requirement.haproxy.trait)
    func aNameThatDNSDoesNotKnowAnyMoreIsServedFromMemory() async throws {
        let back = try HTTPBackEnd(name: "remembered")
        defer { back.stop() }
        try await withDevice { device in
            try FileManager.default.createDirectory(at: device.folder, withIntermediateDirectories: true)
            try "gone.invalid 127.0.0.1\n".write(toFile: device.file("addresses"), atomically: true, encoding: .utf8)
            func set(_ name: String) throws -> LoadBalancerSet {
                let node = try Node(id: Identifier("1"), address: HostAddress(name), port: Port(back.port))
                return try LoadBalancerSet([device.http([node])])
            }
            for name in ["gone.invalid", "localhost", "localhost."] {
                try await device.driver.apply(set(name))
                #expect(try await HTTPClient(port: device.httpPort).get("/").text == "remembered", "\(name)")
            }
            try await device.driver.delete()
            #expect(!FileManager.default.fileExists(atPath: device.file("addresses")))
        }
    }

    /// HAProxy would wait 20 s for each name that it resolves itself while DNS does not answer.
    @Test(Requirement.haproxy.trait, .enabled(if: geteuid() == 0, "only root can give a program another resolv.conf"))
    func haproxyStartsWhileDNSIsSilent() async throws {
        let silent = try SilentDNS()
        try await withTemporaryFolder { folder in
            let configuration = try HAProxyConfiguration(stateDirectory: folder.path)
            let facts = DeviceFacts(hasIPv6: false, hasNameServer: true, descriptorLimit: nil)
            let text = HAProxyRenderer(configuration, facts).render(try Self.set((0..<4).map { "n\($0).test" }))
            try text.write(to: folder.appending(path: "haproxy.cfg"), atomically: true, encoding: .utf8)
            try "nameserver \(silent.address)\n".write(
                to: folder.appending(path: "resolv.conf"),
                atomically: true,
                encoding: .utf8
            )
            let script = """
                mount --bind \(folder.path)/resolv.conf /etc/resolv.conf || exit 0
                exec timeout 30 /usr/sbin/haproxy -c -f \(folder.path)/haproxy.cfg
                """
            _ = try await Command.run("/usr/bin/unshare", ["--mount", "/bin/sh", "-c", script])
        }
    }
}

/// A DNS server that accepts every query and answers none.
private final class SilentDNS: Sendable {
    let address = "127.53.\(Int.random(in: 1...250)).\(Int.random(in: 1...250))"
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | O_CLOEXEC, 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = in_port_t(53).bigEndian
        inet_pton(AF_INET, address, &name.sin_addr)
        let result = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw ServerFailure("cannot bind \(address):53: errno \(errno)") }
    }

    deinit { close(descriptor) }
}
