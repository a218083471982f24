// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardTestSupport
import TestServers
import Testing

@Suite("The example driver program", Requirement.python.trait)
struct ContractTests {
    @Test("fulfills the contract", arguments: LoadBalancerDriverContract.checks)
    func contract(_ check: LoadBalancerDriverContract.Check) async throws {
        try await LoadBalancerDriverContract.Device.withFreePorts { device in
            try await ProgramUnderTest.run(ProgramUnderTest.example) { program in
                try await check.run(program.driver, on: device)
            }
        }
    }

    @Test(
        "without its capabilities fulfills the rest of the contract",
        arguments: LoadBalancerDriverContract.checks(without: [.usage, .log, .preview])
    )
    func contractWithoutCapabilities(_ check: LoadBalancerDriverContract.Check) async throws {
        try await LoadBalancerDriverContract.Device.withFreePorts { device in
            try await ProgramUnderTest.run(ProgramUnderTest.faulty("few-capabilities")) { program in
                try await check.run(program.driver, on: device)
            }
        }
    }
}
