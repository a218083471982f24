// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import NginxDriver
import SteelyardCore
import SteelyardTestSupport
import Testing

@Suite(.enabled(if: NginxUnderTest.isInstalled, "nginx and libnginx-mod-stream are not installed"))
struct PreviewTests {
    /// Features that nginx lacks, and faults on this device.
    enum Case: CaseIterable {
        case httpCheck
        case backupBySource
        case secondGaleraBackup
        case unknownName
        case takenPort
        case foreignAddress

        var code: DriverError.Code {
            switch self {
            case .httpCheck, .backupBySource, .secondGaleraBackup: .unsupported
            case .unknownName, .foreignAddress: .rejected
            case .takenPort: .addressInUse
            }
        }

        var field: LoadBalancerField {
            switch self {
            case .httpCheck: LoadBalancerField(loadBalancer: 0, name: "monitor.type")
            case .backupBySource: LoadBalancerField(loadBalancer: 0, node: 1, name: "backup")
            case .secondGaleraBackup: LoadBalancerField(loadBalancer: 0, node: 2, name: "backup")
            case .unknownName: LoadBalancerField(loadBalancer: 0, node: 1, name: "address")
            case .takenPort: LoadBalancerField(loadBalancer: 0, name: "port")
            case .foreignAddress: LoadBalancerField(loadBalancer: 0, name: "address")
            }
        }

        func loadBalancer(_ ports: LoadBalancerDriverContract.Device, _ server: NodeServer) throws -> LoadBalancer {
            let (node, backup) = (try server.node("1"), try server.node("2", isBackup: true))
            switch self {
            case .httpCheck:
                return try ports.http([node], monitor: HealthMonitor(kind: .http, delay: 5, timeout: 2, attempts: 2))
            case .backupBySource: return try ports.http([node, backup], algorithm: .sourceIP)
            case .secondGaleraBackup:
                return try ports.tcp([node, backup, server.node("3", isBackup: true)], .galera)
            case .unknownName:
                return try ports.http([
                    node, Node(id: Identifier("2"), address: HostAddress("nosuch.invalid"), port: .http),
                ])
            case .takenPort: return try ports.http([node], port: server.port)
            case .foreignAddress: return try ports.http([node], address: "192.0.2.1")
            }
        }
    }

    @Test func aPreviewShowsTheLinesThatDiffer() async throws {
        let server = try NodeServer("a")
        defer { server.stop() }
        try await NginxUnderTest.run { nginx in
            try await nginx.driver.apply(LoadBalancerSet([nginx.ports.http([server.node("1")])]))
            let wanted = try LoadBalancerSet([nginx.ports.http([server.node("1", weight: 2)])])
            let lines = try await nginx.driver.preview(.apply(wanted)).split(separator: "\n")
            let node = "        server \"127.0.0.1:\(server.port)\""
            #expect(
                lines == [
                    "- \(node) weight=1 max_fails=2 fail_timeout=30s;",
                    "+ \(node) weight=2 max_fails=2 fail_timeout=30s;",
                ]
            )
        }
    }

    @Test(arguments: Case.allCases)
    func theErrorNamesTheFieldAndNothingChanges(_ refused: Case) async throws {
        let server = try NodeServer("a")
        defer { server.stop() }
        try await NginxUnderTest.run { nginx in
            let version = try ConfigurationVersion(1)
            try await nginx.driver.apply(
                LoadBalancerSet([nginx.ports.http([server.node("1")])], version: version)
            )
            let workers = try nginx.processes().map(\.number).sorted()
            let wanted = try LoadBalancerSet([refused.loadBalancer(nginx.ports, server)])
            for isPreview in [true, false] {
                let error = await #expect(throws: DriverError.self) {
                    if isPreview { _ = try await nginx.driver.preview(.apply(wanted)) }
                    try await nginx.driver.apply(wanted)
                }
                #expect(error?.code == refused.code)
                #expect(error?.field == refused.field)
            }
            #expect(await HTTP.get(port: nginx.ports.httpPort).body == "a")
            #expect(try await nginx.driver.configurationVersion() == version)
            #expect(try nginx.processes().map(\.number).sorted() == workers)
        }
    }
}
