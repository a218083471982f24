// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import NoOpDriver
import SteelyardCore
import Testing

@Suite("The drivers' registry")
struct DriverRegistryTests {
    @Test("drivers are found by their names, which are sorted")
    func names() throws {
        var registry = DriverRegistry<Int>()
        #expect(registry.names.isEmpty)
        registry.register("noop") { _ in NoOpDriver() }
        registry.register("haproxy") { _ in FixedStatus(state: .deleted) }
        #expect(registry.names == ["haproxy", "noop"])
        #expect(try registry.makeDriver("noop", 1) is NoOpDriver)
        #expect(try registry.makeDriver("haproxy", 1) is FixedStatus)
    }

    @Test("names are case-sensitive, and an unknown one is no driver", arguments: ["", "NoOp", "noop ", "nginx"])
    func unknown(name: String) throws {
        let registry = DriverRegistry<Int>().registering("noop") { _ in NoOpDriver() }
        #expect(try registry.makeDriver(name, 1) == nil)
    }

    @Test("a driver is made of the context, and a factory's error is passed on")
    func context() throws {
        let registry = DriverRegistry<DeviceStatus>().registering("fixed") { status in
            guard status != .notConfigured else { throw InvalidValue("must be configured") }
            return FixedStatus(state: status)
        }
        #expect(throws: InvalidValue.self) { try registry.makeDriver("fixed", .notConfigured) }
        #expect((try registry.makeDriver("fixed", .suspended) as? FixedStatus)?.state == .suspended)
    }

    @Test("a later driver of the same name counts, and a copy does not change what it was made of")
    func replacing() throws {
        let first = DriverRegistry<Int>().registering("x") { _ in NoOpDriver() }
        let second = first.registering("x") { _ in FixedStatus(state: .deleted) }
        #expect(try first.makeDriver("x", 0) is NoOpDriver)
        #expect(try second.makeDriver("x", 0) is FixedStatus)
        #expect(second.names == ["x"])
    }
}
