// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import SteelyardCore

/// The rules for every `LoadBalancerDriver`, as checks that run against any of them.
///
/// Run each check against a fresh driver whose device has never been configured. Name the capabilities that the driver
/// lacks: a check then requires the error `unsupported`.
///
///     @Test(arguments: LoadBalancerDriverContract.checks(without: [.usage]))
///     func contract(_ check: LoadBalancerDriverContract.Check) async throws {
///         try await LoadBalancerDriverContract.Device.withFreePorts { device in
///             try await check.run(MyDriver(), on: device)
///         }
///     }
public enum LoadBalancerDriverContract {
    /// Optional capabilities of a driver.
    public enum Capability: String, Hashable, Sendable, CaseIterable {
        /// METRICS: `usage` and `commit`.
        case usage
        /// ARCHIVE: `openLog`.
        case log
        /// A dry run: `preview`.
        case preview
    }

    /// One rule.
    public struct Check: Sendable, CustomStringConvertible {
        /// The rule, as a sentence.
        public let description: String
        let needs: Set<Capability>
        private let body: @Sendable (any LoadBalancerDriver, Device) async throws -> Void
        private var capabilities = Set(Capability.allCases)

        init(
            needs: Set<Capability> = [],
            _ description: String,
            _ body: @escaping @Sendable (any LoadBalancerDriver, Device) async throws -> Void
        ) {
            self.needs = needs
            self.description = description
            self.body = body
        }

        /// Runs the check.
        ///
        /// - Throws: ``ContractViolation`` with the expected result, or errors from outside the driver.
        public func run(_ driver: any LoadBalancerDriver, on device: Device) async throws {
            var device = device
            device.capabilities = capabilities
            do { try await body(driver, device) } catch let error as ContractViolation {
                throw ContractViolation("\(description): \(error)")
            } catch let error as DriverError {
                throw ContractViolation("\(description): the driver must not throw \(error)")
            }
        }

        func limited(to capabilities: Set<Capability>) -> Check {
            var check = self
            check.capabilities = capabilities
            return check
        }
    }

    /// All rules, for a driver with all capabilities.
    public static var checks: [Check] { checks(without: []) }

    /// The rules for a driver without some capabilities.
    ///
    /// - Parameter missing: The capabilities that the driver lacks.
    public static func checks(without missing: Set<Capability>) -> [Check] {
        let capabilities = Set(Capability.allCases).subtracting(missing)
        let all = deviceChecks + usageChecks + previewChecks + logChecks + versionChecks
        return all.filter { $0.needs.isSubset(of: capabilities) }.map { $0.limited(to: capabilities) }
            + Capability.allCases.filter(missing.contains).map(unsupportedCheck)
    }

    private static func unsupportedCheck(_ capability: Capability) -> Check {
        Check("a missing capability is reported as unsupported: \(capability.rawValue)") { driver, device in
            try await driver.apply(device.both())
            try await expect(.unsupported) { () throws(DriverError) in
                switch capability {
                case .usage: _ = try await driver.usage()
                case .log: _ = try await driver.openLog()
                case .preview: _ = try await driver.preview(.suspend)
                }
            }
            try await expectServing(driver, ["a", "b", "1"])
        }
    }

    static func expect(_ code: DriverError.Code, _ body: () async throws(DriverError) -> Void) async throws {
        do throws(DriverError) { try await body() } catch {
            try require(error.code == code, "the error must have the code \(code), not \(error.code): \(error.message)")
            try require(!error.message.isEmpty, "an error must have a message")
            return
        }
        throw ContractViolation("an error with the code \(code) must be thrown")
    }

    static func expectServing(_ driver: any LoadBalancerDriver, _ ids: [String]) async throws {
        let status = try await driver.status()
        guard case .serving(let nodes) = status else {
            throw ContractViolation("status() must be serving, not \(status)")
        }
        let found = nodes.map(\.id.description)
        try require(found == ids, "status() must have the nodes \(ids), not \(found)")
    }
}
