// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HAProxyDriver
import SteelyardTestSupport
import TestServers
import Testing

@Suite(Requirement.haproxy.trait)
struct ContractTests {
    @Test(arguments: LoadBalancerDriverContract.checks, HAProxySettings.Service.allCases)
    func keepsTheContract(
        _ check: LoadBalancerDriverContract.Check,
        _ service: HAProxySettings.Service
    ) async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice(service: service) { device in
            let ports = LoadBalancerDriverContract.Device(
                httpPort: device.httpPort,
                tcpPort: device.tcpPort,
                nodePort: node.port
            )
            try await check.run(device.driver, on: ports)
        }
    }
}
