// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension LoadBalancerDriverContract {
    /// The rules for serving.
    static let deviceChecks: [Check] = [
        Check("a device that was never configured reports notConfigured") { driver, device in
            try await require(
                driver.status() == .notConfigured,
                "status() must be notConfigured before the first apply"
            )
            try await expect(.notConfigured) { () throws(DriverError) in try await driver.suspend() }
            try await expect(.notConfigured) { () throws(DriverError) in try await driver.enable() }
            guard device.capabilities.contains(.usage) else { return }
            try await expect(.notConfigured) { () throws(DriverError) in _ = try await driver.usage() }
        },
        Check("apply serves, with the nodes in the message's order") { driver, device in
            try await driver.apply(device.both())
            try await expectServing(driver, ["a", "b", "1"])
        },
        Check("the same apply may be repeated") { driver, device in
            for _ in 0..<3 { try await driver.apply(device.both()) }
            try await expectServing(driver, ["a", "b", "1"])
        },
        Check("apply replaces the previous configuration") { driver, device in
            try await driver.apply(device.both())
            try await driver.apply(LoadBalancerSet([device.tcp()]))
            try await expectServing(driver, ["1"])
        },
        Check("a load balancer may have no nodes") { driver, device in
            try await driver.apply(LoadBalancerSet([device.http(nodes: [])]))
            try await expectServing(driver, [])
        },
        Check("the status reports the nodes' conditions") { driver, device in
            let nodes = [
                try device.node("a"), try device.node("b", .disabled), try device.node("c", .draining),
            ]
            try await driver.apply(LoadBalancerSet([device.http(nodes: nodes)]))
            let wanted: [NodeStatus.State] = [.up, .disabled, .draining]
            guard case .serving(let found) = try await driver.status() else {
                throw ContractViolation("status() must be serving after an apply")
            }
            try require(found.map(\.state) == wanted, "the states must be \(wanted), not \(found.map(\.state))")
        },
        Check("the status of a node names its load balancer") { driver, device in
            let http = try device.http(Identifier("7"), nodes: [device.node("1")])
            try await driver.apply(LoadBalancerSet([http, device.tcp()]))
            guard case .serving(let found) = try await driver.status() else {
                throw ContractViolation("status() must be serving after an apply")
            }
            let owners = found.map {
                "\($0.listenerProtocol?.rawValue ?? "none") \($0.loadBalancer?.description ?? "none")"
            }
            try require(
                owners == ["HTTP 7", "TCP none"],
                "the nodes must belong to HTTP 7 and TCP none, not to \(owners)"
            )
        },
        Check("suspend and enable may be repeated") { driver, device in
            try await driver.apply(device.both())
            for _ in 0..<2 {
                for _ in 0..<2 { try await driver.suspend() }
                try await require(driver.status() == .suspended, "status() must be suspended after a suspend")
                for _ in 0..<2 { try await driver.enable() }
                try await expectServing(driver, ["a", "b", "1"])
            }
        },
        Check("apply on a suspended device replaces the configuration and leaves it suspended") { driver, device in
            try await driver.apply(device.both())
            try await driver.suspend()
            try await driver.apply(LoadBalancerSet([device.http(nodes: [device.node("c")])]))
            try await require(
                driver.status() == .suspended,
                "status() must be suspended after an apply to a suspended device"
            )
            try await driver.enable()
            try await expectServing(driver, ["c"])
        },
        Check("delete removes everything, may be repeated, and a later apply starts from scratch") { driver, device in
            try await driver.apply(device.both())
            for _ in 0..<2 { try await driver.delete() }
            try await require(driver.status() == .deleted, "status() must be deleted after a delete")
            try await expect(.deleted) { () throws(DriverError) in try await driver.suspend() }
            try await expect(.deleted) { () throws(DriverError) in try await driver.enable() }
            if device.capabilities.contains(.usage) {
                try await expect(.deleted) { () throws(DriverError) in _ = try await driver.usage() }
            }
            try await driver.apply(LoadBalancerSet([device.tcp()]))
            try await expectServing(driver, ["1"])
        },
        Check("a suspended device can be deleted and does not stay suspended") { driver, device in
            try await driver.apply(device.both())
            try await driver.suspend()
            try await driver.delete()
            try await driver.apply(device.both())
            try await expectServing(driver, ["a", "b", "1"])
        },
        Check("reading may run concurrently with a change") { driver, device in
            try await driver.apply(device.both())
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { for _ in 0..<3 { try await driver.apply(device.both()) } }
                group.addTask { for _ in 0..<10 { _ = try await driver.status() } }
                try await group.waitForAll()
            }
        },
    ]
}
