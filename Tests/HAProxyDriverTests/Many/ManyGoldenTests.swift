// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import Subprocess
import SystemPackage
import TestServers
import Testing

@testable import HAProxyDriver

/// The rendered text of many load balancers; `STEELYARD_TEST_UPDATE_GOLDEN=1` rewrites the file.
@Suite
struct ManyGoldenTests {
    private static let message = """
        {"hpcs_action": "UPDATE", "loadbalancers": [
          {"id": "web", "protocol": "HTTP", "port": 80, "address": "192.0.2.1", "allowed_cidrs": ["10.0.0.0/8"],
           "rate_limit": {"requests_per_second": 100, "except_cidrs": ["10.0.0.0/24"]},
           "pools": [{"id": "api", "nodes": [{"id": "1", "address": "10.0.0.9", "port": 80}]}],
           "l7policies": [{"position": 1, "action": "REDIRECT_TO_POOL", "redirect_pool_id": "api",
                           "rules": [{"type": "PATH", "compare_type": "STARTS_WITH", "value": "/api"}]}],
           "nodes": [{"id": "1", "address": "10.0.0.1", "port": 80}]},
          {"id": "in", "protocol": "HTTP", "port": 80, "address": "192.0.2.2", "redirect_to_https": true, "nodes": []},
          {"id": "a.b_c-servers", "protocol": "TCP", "port": 3306, "connection_limit": 50,
           "rate_limit": {"connections_per_second": 5},
           "nodes": [{"id": "1", "address": "10.0.0.3", "port": 3306}]},
          {"id": "galera", "protocol": "GALERA", "port": 3307, "nodes": [
           {"id": "1", "address": "10.0.0.3", "port": 3306}, {"id": "2", "address": "10.0.0.4", "port": 3306, "backup": true}]}]}
        """

    private static func rendered(isSuspended: Bool = false) throws -> RenderedConfiguration {
        guard case .update(let set) = try Message(JSONDocument(Array(message.utf8))).action else {
            throw ServerFailure("an UPDATE")
        }
        let facts = DeviceFacts(hasIPv6: true, hasNameServer: true, descriptorLimit: nil)
        let configuration = try HAProxyConfiguration(["max_connections": 1000], stateDirectory: "/var/lib/steelyard")
        return HAProxyRenderer(configuration, facts).render(set, isSuspended: isSuspended)
    }

    @Test
    func rendersTheirNames() throws {
        let rendered = try Self.rendered()
        try GoldenTests.expect(rendered, toBe: "many")
        #expect(try rendered.fingerprint == Self.rendered(isSuspended: true).fingerprint)
        let files = rendered.sideFiles.map { $0.file.lastComponent?.string ?? "" }
        #expect(
            files.sorted() == [
                "http-web-in-allowed.acl", "http-web-in-except.acl", "tcp-a.b_c-servers-in-except.acl",
            ]
        )
        #expect(files.allSatisfy(SideFile.isOwn))
    }

    @Test(Requirement.haproxy.trait)
    func isAcceptedByHAProxy() async throws {
        let rendered = try Self.rendered()
        try await withTemporaryFolder { folder in
            let file = try rendered.writeForCheck(in: folder)
            let result = try await Subprocess.run(
                .path(FilePath(Environment.haproxy)),
                arguments: ["-c", "-f", file.path],
                output: .string(limit: 1 << 20),
                error: .combinedWithOutput
            )
            #expect(result.terminationStatus.isSuccess, "\(result.standardOutput)")
        }
    }

    /// No two names of proxies, servers or files are equal, whatever the ids are.
    @Test
    func namesAreUnique() throws {
        let ids = [
            "in", "servers", "a", "a-in", "a-servers", "in-servers", "servers-in", "http", "tcp", "http-in", "A", "-",
        ]
        let nodes = [try Node.local("1", 80)]
        let access = try ClientAccess(
            allowedNetworks: [IPNetwork("10.0.0.0/8")].compactMap(\.self),
            rateLimit: RateLimit(concurrentConnections: 5)
        )
        var loadBalancers: [LoadBalancer] = []
        for (index, id) in ids.enumerated() {
            for (offset, spoken) in [(0, ListenerProtocol.http), (1000, .tcp)] {
                loadBalancers.append(
                    try LoadBalancer(
                        id: Identifier(offset == 0 ? id : "t" + id),
                        protocol: spoken,
                        port: Port(5000 + offset + index),
                        access: access,
                        defaultPool: Pool(nodes: nodes),
                        pools: offset == 0 ? ids.map { try Pool(id: Identifier($0), nodes: nodes) } : []
                    )
                )
            }
        }
        let set = try LoadBalancerSet(loadBalancers)
        let fronts = set.loadBalancers.map { ProxyName($0.key).frontend }
        let backs = set.backends.map(\.name.description)
        #expect(Set(fronts + backs).count == fronts.count + backs.count)
        for loadBalancer in set.loadBalancers {
            #expect(ProxyName(frontend: ProxyName(loadBalancer.key).frontend)?.key == loadBalancer.key)
        }
        for (name, _) in set.backends { #expect(BackendName(name.description) == name) }
        let rendered = PlanTests.render(set)
        #expect(Set(rendered.servers.map(\.name.description)).count == backs.count)
        #expect(Set(rendered.sideFiles.map(\.file)).count == rendered.sideFiles.count)
        #expect(rendered.sideFiles.count == 2 * fronts.count)
    }
}
