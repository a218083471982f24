// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ExecDriver
import Foundation
import Logging
import SteelyardCore
import SteelyardTestSupport
import Testing

/// Runs the contract suite with a driver program.
@Suite struct DriverProgramTests {
    @Test(arguments: LoadBalancerDriverContract.checks)
    func contract(_ check: LoadBalancerDriverContract.Check) async throws {
        let program = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../exec-driver/driver.py").standardized
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let driver = try DriverDefinition.exec.makeDriver(
            ["command": ["/usr/bin/python3", .string(program.path)]],
            DriverContext(stateDirectory: folder.path, logger: Logger(label: "test"))
        )
        let running = Task { try await driver.run() }
        try await LoadBalancerDriverContract.Device.withFreePorts { device in
            try await check.run(driver, on: device)
        }
        running.cancel()
        _ = try? await running.value
    }
}
