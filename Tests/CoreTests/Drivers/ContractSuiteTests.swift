// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import NoOpDriver
import SteelyardCore
import SteelyardTestSupport
import Testing

/// Checks that the contract suite detects each broken rule.
@Suite("The contract suite detects")
struct ContractSuiteTests {
    private func complaints(_ fault: FaultyDriver.Fault) async -> Set<String> {
        var found: Set<String> = []
        for check in LoadBalancerDriverContract.checks {
            do { try await check.run(FaultyDriver(fault), on: .example) } catch { found.insert(check.description) }
        }
        return found
    }

    @Test("each broken rule", arguments: FaultyDriver.Fault.allCases)
    func brokenRule(fault: FaultyDriver.Fault) async {
        let found = await complaints(fault)
        #expect(found.contains(fault.check), "only \(found.sorted()) complained")
    }

    @Test("nothing if no rule is broken")
    func sound() async {
        var found: [String] = []
        for check in LoadBalancerDriverContract.checks {
            do { try await check.run(NoOpDriver(), on: .example) } catch { found.append("\(check): \(error)") }
        }
        #expect(found.isEmpty)
    }

    @Test("each rule has a driver that breaks it")
    func complete() {
        // This check only requires that nothing is thrown.
        let unbroken: Set = ["reading may run concurrently with a change"]
        let broken = Set(FaultyDriver.Fault.allCases.map(\.check))
        #expect(Set(LoadBalancerDriverContract.checks.map(\.description)) == broken.union(unbroken))
    }
}
