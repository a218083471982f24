// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import OwnDriver
import SteelyardCore
import SteelyardTestSupport
import Testing

@Suite struct TableDriverTests {
    @Test(arguments: LoadBalancerDriverContract.checks(without: [.usage, .log]))
    func contract(_ check: LoadBalancerDriverContract.Check) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await LoadBalancerDriverContract.Device.withFreePorts { device in
            try await check.run(Self.makeDriver(in: folder), on: device)
        }
    }

    /// The requested state outlives the process.
    @Test func restart() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        let node = try Node(id: Identifier("a"), address: HostAddress("192.0.2.1"), port: Port(8080), weight: 3)
        let wanted = try LoadBalancerSet([LoadBalancer(protocol: .http, port: Port(80), nodes: [node])])
        try await Self.makeDriver(in: folder).apply(wanted)
        let next = try Self.makeDriver(in: folder)
        guard case .serving(let nodes) = try await next.status() else {
            Issue.record("the next process does not serve")
            return
        }
        #expect(nodes.map(\.id) == [node.id])
        let table = try String(contentsOf: folder.appending(path: "table.txt"), encoding: .utf8)
        #expect(table == "HTTP 80 192.0.2.1 8080 3\n")
    }

    private static func makeDriver(in folder: URL) throws -> TableDriver {
        var reader = SettingReader(group: "table")
        let context = DriverContext(stateDirectory: folder.path, logger: Logger(label: "test"))
        return try TableDriver(TableSettings(&reader), context)
    }
}
