// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardTestSupport
import TestServers
import Testing

@Suite("The example driver program", Requirement.python.trait)
struct ContractTests {
    @Test("keeps the contract", arguments: LoadBalancerDriverContract.checks)
    func contract(_ check: LoadBalancerDriverContract.Check) async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await ProgramUnderTest.run(ProgramUnderTest.example) { program in
            let device = LoadBalancerDriverContract.Device(
                httpPort: try FreePort.next(),
                tcpPort: try FreePort.next(),
                nodePort: node.port
            )
            try await check.run(program.driver, on: device)
        }
    }
}
