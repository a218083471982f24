// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import SteelyardCore
import SystemPackage
import TestServers

@testable import ExecDriver

/// A driver with its own program, in its own directory.
struct ProgramUnderTest {
    let driver: ExecDriver
    let log: LogRecorder
    /// The program's state directory.
    let folder: URL

    static let exampleFolder = Environment.packageFolder.appending(path: "Examples/exec-driver").path

    /// The command of the example.
    static let example = [Requirement.python.rawValue, "-B", exampleFolder + "/driver.py"]

    /// The command of the example with a fault.
    static func faulty(_ fault: String) -> [String] {
        let script = Environment.packageFolder.appending(path: "Tests/ExecDriverTests/Programs/faulty.py").path
        return [Requirement.python.rawValue, "-B", script, exampleFolder, fault]
    }

    /// Runs a test with a driver; the program has ended when this returns.
    static func run(
        _ command: [String],
        in stateFolder: URL? = nil,
        configure: (inout ExecConfiguration) -> Void = { _ in },
        _ body: (ProgramUnderTest) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { temporary in
            let state = stateFolder ?? temporary
            var reader = SettingReader(group: "exec", ["command": .list(command.map { .string($0) })])
            var configuration = ExecConfiguration(
                try ExecSettings(&reader),
                stateFolder: FilePath(state.path),
                agent: ("steelyard", "v2.0")
            )
            // On a busy machine, Python alone takes seconds to start.
            configuration.limits.start = .seconds(60)
            configuration.limits.recovery = .seconds(60)
            configuration.limits.status = .seconds(30)
            configuration.limits.proxyStatus = .seconds(30)
            configure(&configuration)
            let log = LogRecorder()
            let driver = ExecDriver(configuration: configuration, logger: Logger(label: "test") { _ in log })
            do {
                try await body(
                    ProgramUnderTest(driver: driver, log: log, folder: state.appending(path: "exec"))
                )
            } catch {
                await driver.stop()
                throw error
            }
            await driver.stop()
        }
    }
}

extension LoadBalancerSet {
    /// The version that triggers a faulty program's fault.
    static let badVersion = 666

    /// Returns an HTTP load balancer.
    static func http(port: Int, nodes: Int = 1, version: Int? = nil) throws -> LoadBalancerSet {
        let nodes = try (0..<nodes).map { index in
            try Node(id: Identifier("n\(index)"), address: HostAddress("192.0.2.1"), port: Port(8080))
        }
        return try LoadBalancerSet(
            [LoadBalancer(protocol: .http, address: IPAddress("127.0.0.1"), port: Port(port), nodes: nodes)],
            version: version.map { number in try ConfigurationVersion(number) }
        )
    }
}

/// Returns the error of a call.
func driverError(_ body: () async throws(DriverError) -> Void) async throws -> DriverError {
    do throws(DriverError) { try await body() } catch { return error }
    throw ServerFailure("no error was thrown")
}
