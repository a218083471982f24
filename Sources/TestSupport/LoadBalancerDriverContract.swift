// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import SteelyardCore

/// The rules that every `LoadBalancerDriver` must keep, as checks that run against any of them.
///
/// Run each of ``checks`` against a fresh driver whose device has never been configured:
///
///     @Test(arguments: LoadBalancerDriverContract.checks)
///     func contract(_ check: LoadBalancerDriverContract.Check) async throws {
///         try await check.run(MyDriver(), on: .init(httpPort: freePort(), tcpPort: freePort(), nodePort: answeringPort))
///     }
public enum LoadBalancerDriverContract {
    /// What a check may use of the device.
    public struct Device: Sendable {
        /// A free port for an HTTP load balancer.
        public let httpPort: Int
        /// Another, for a TCP load balancer.
        public let tcpPort: Int
        /// A port of 127.0.0.1 on which something answers.
        public let nodePort: Int

        /// Creates a description of a device.
        public init(httpPort: Int, tcpPort: Int, nodePort: Int) {
            self.httpPort = httpPort
            self.tcpPort = tcpPort
            self.nodePort = nodePort
        }
    }

    /// One rule.
    public struct Check: Sendable, CustomStringConvertible {
        /// The rule, as a sentence.
        public let description: String
        private let body: @Sendable (any LoadBalancerDriver, Device) async throws -> Void

        init(_ description: String, _ body: @escaping @Sendable (any LoadBalancerDriver, Device) async throws -> Void) {
            self.description = description
            self.body = body
        }

        /// Runs the check.
        ///
        /// - Throws: ``ContractViolation``, or whatever the driver throws where it should not.
        public func run(_ driver: any LoadBalancerDriver, on device: Device) async throws {
            try await body(driver, device)
        }
    }

    /// All rules.
    public static let checks = deviceChecks + versionChecks

    /// The rules about what is served, metered and logged.
    private static let deviceChecks: [Check] = [
        Check("a device that was never configured says so") { driver, _ in
            try await require(driver.status() == .notConfigured, "status is notConfigured")
            try await expect(.notConfigured) { () throws(DriverError) in try await driver.suspend() }
            try await expect(.notConfigured) { () throws(DriverError) in try await driver.enable() }
            try await expect(.notConfigured) { () throws(DriverError) in _ = try await driver.usage() }
        },
        Check("apply serves, with the nodes in the message's order") { driver, device in
            try await driver.apply(device.both())
            try await expectServing(driver, ["a", "b", "1"])
        },
        Check("apply of the same may be repeated") { driver, device in
            for _ in 0..<3 { try await driver.apply(device.both()) }
            try await expectServing(driver, ["a", "b", "1"])
        },
        Check("apply replaces what was there") { driver, device in
            try await driver.apply(device.both())
            try await driver.apply(LoadBalancerSet([device.tcp()]))
            try await expectServing(driver, ["1"])
        },
        Check("a load balancer may have no nodes") { driver, device in
            try await driver.apply(LoadBalancerSet([device.http(nodes: [])]))
            try await expectServing(driver, [])
        },
        Check("conditions show in the status") { driver, device in
            let nodes = [
                try device.node("a"), try device.node("b", .disabled), try device.node("c", .draining),
            ]
            try await driver.apply(LoadBalancerSet([device.http(nodes: nodes)]))
            let wanted: [NodeStatus.State] = [.up, .disabled, .draining]
            guard case .serving(let found) = try await driver.status() else {
                throw ContractViolation("status is serving after an apply")
            }
            try require(found.map(\.state) == wanted, "\(found.map(\.state)) should be \(wanted)")
        },
        Check("the status of a node names its load balancer") { driver, device in
            let http = try device.http(Identifier("7"), nodes: [device.node("1")])
            try await driver.apply(LoadBalancerSet([http, device.tcp()]))
            guard case .serving(let found) = try await driver.status() else {
                throw ContractViolation("status is serving after an apply")
            }
            let owners = found.map {
                "\($0.listenerProtocol?.rawValue ?? "none") \($0.loadBalancer?.description ?? "none")"
            }
            try require(owners == ["HTTP 7", "TCP none"], "\(owners) should be HTTP 7 and TCP none")
        },
        Check("suspend and enable may be repeated") { driver, device in
            try await driver.apply(device.both())
            for _ in 0..<2 {
                for _ in 0..<2 { try await driver.suspend() }
                try await require(driver.status() == .suspended, "status is suspended after a suspend")
                for _ in 0..<2 { try await driver.enable() }
                try await expectServing(driver, ["a", "b", "1"])
            }
        },
        Check("apply on a suspended device replaces the configuration and leaves it suspended") { driver, device in
            try await driver.apply(device.both())
            try await driver.suspend()
            try await driver.apply(LoadBalancerSet([device.http(nodes: [device.node("c")])]))
            try await require(driver.status() == .suspended, "status is suspended after an apply to a suspended device")
            try await driver.enable()
            try await expectServing(driver, ["c"])
        },
        Check("delete forgets everything, may be repeated, and an apply starts afresh") { driver, device in
            try await driver.apply(device.both())
            for _ in 0..<2 { try await driver.delete() }
            try await require(driver.status() == .deleted, "status is deleted after a delete")
            try await expect(.deleted) { () throws(DriverError) in try await driver.suspend() }
            try await expect(.deleted) { () throws(DriverError) in try await driver.enable() }
            try await expect(.deleted) { () throws(DriverError) in _ = try await driver.usage() }
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
        Check("usage has an entry for each protocol, and its span begins where the last committed one ended") {
            driver,
            device in
            try await driver.apply(device.both())
            let first = try await driver.usage()
            try require(Set(first.entries.map(\.metered)) == [.http, .tcp], "entries for http and tcp")
            try require(first.start <= first.end, "a span that does not end before it begins")
            let repeated = try await driver.usage()
            try require(repeated.start == first.start, "a report that was not committed is contained in the next")
            try await driver.commit(first)
            try await driver.commit(first)
            let next = try await driver.usage()
            try require(next.start == first.end, "\(next.start) should be \(first.end)")
        },
        Check("a preview changes nothing") { driver, device in
            _ = try await driver.preview(.apply(device.both()))
            try await require(driver.status() == .notConfigured, "status is still notConfigured")
            try await expect(.notConfigured) { () throws(DriverError) in _ = try await driver.preview(.enable) }
            try await driver.apply(device.both())
            for change in [DeviceChange.apply(try LoadBalancerSet([device.tcp()])), .suspend, .delete] {
                let difference = try await driver.preview(change)
                try require(!difference.isEmpty, "a preview of \(change) tells a difference")
            }
            try await require(driver.preview(.apply(device.both())).isEmpty, "no difference to what is served")
            try await expectServing(driver, ["a", "b", "1"])
        },
        Check("a log can be opened and read to its end, more than once") { driver, device in
            try await driver.apply(device.both())
            let log = try await driver.openLog()
            let texts = try (0..<2).map { _ in try log.lines(of: [LogPart(.http)]) }
            try require(texts[0] == texts[1], "both readings are the same")
        },
        Check("a log needs no configuration, and there is none after a delete") { driver, device in
            _ = try await driver.openLog().lines(of: [LogPart(.http)])
            try await driver.apply(device.both())
            try await driver.delete()
            try await expect(.deleted) { () throws(DriverError) in _ = try await driver.openLog() }
            try await driver.apply(device.both())
            _ = try await driver.openLog().lines(of: [LogPart(.http)])
        },
        Check("the parts of a log are the same together as each alone") { driver, device in
            try await driver.apply(device.both())
            let log = try await driver.openLog()
            let parts = [LogPart(.tcp), LogPart(.http), LogPart(.tcp)]
            let alone = try parts.map { try log.lines(of: [$0])[0] }
            try require(try log.lines(of: parts) == alone, "each part has its lines")
        },
        Check("the end of a log parts what is there from what is not") { driver, device in
            try await driver.apply(device.both())
            let log = try await driver.openLog()
            guard let end = log.end else { return }
            for metered in MeteredProtocol.allCases {
                let before = try log.lines(of: [LogPart(metered, upTo: end)])[0].bytes
                let behind = try log.lines(of: [LogPart(metered, after: end)])[0].bytes
                try require(
                    try log.lines(of: [LogPart(metered)])[0].bytes == before + behind,
                    "what is before the end and what is behind it are all"
                )
                let between = try log.lines(of: [LogPart(metered, after: end, upTo: end)])[0].bytes
                try require(between.isEmpty, "nothing is between the end and itself")
                try require(
                    behind.count { $0 == UInt8(ascii: "\n") } <= 1,
                    "at most a line without an end is behind it"
                )
            }
        },
        Check("a log that was opened can be read after a delete") { driver, device in
            try await driver.apply(device.both())
            let log = try await driver.openLog()
            try await driver.delete()
            _ = try log.lines(of: [LogPart(.tcp)])
        },
        Check("committing an older report changes nothing") { driver, device in
            try await driver.apply(device.both())
            let first = try await driver.usage()
            let second = try await driver.usage()
            try await driver.commit(second)
            try await driver.commit(first)
            let next = try await driver.usage()
            try require(next.start == second.end, "\(next.start) should be \(second.end)")
        },
        Check("reading may come beside a change") { driver, device in
            try await driver.apply(device.both())
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { for _ in 0..<3 { try await driver.apply(device.both()) } }
                group.addTask { for _ in 0..<10 { _ = try await driver.status() } }
                try await group.waitForAll()
            }
        },
    ]

    private static func expect(_ code: DriverError.Code, _ body: () async throws(DriverError) -> Void) async throws {
        do throws(DriverError) { try await body() } catch {
            try require(error.code == code, "\(error) should have the code \(code)")
            try require(!error.message.isEmpty, "an error has a message")
            return
        }
        throw ContractViolation("an error with the code \(code)")
    }

    static func expectServing(_ driver: any LoadBalancerDriver, _ ids: [String]) async throws {
        let status = try await driver.status()
        guard case .serving(let nodes) = status else { throw ContractViolation("\(status) should be serving") }
        let found = nodes.map(\.id.description)
        try require(found == ids, "\(found) should be \(ids)")
    }
}
