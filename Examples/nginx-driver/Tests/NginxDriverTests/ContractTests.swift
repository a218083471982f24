// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardTestSupport
import Testing

@Suite(.enabled(if: NginxUnderTest.isInstalled, "nginx and libnginx-mod-stream are not installed"))
struct ContractTests {
    @Test(arguments: LoadBalancerDriverContract.checks(without: [.usage]))
    func keepsTheContract(_ check: LoadBalancerDriverContract.Check) async throws {
        try await NginxUnderTest.run { nginx in try await check.run(nginx.driver, on: nginx.ports) }
    }
}
