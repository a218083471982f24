// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HAProxyDriver
import LogArchiving
import NoOpDriver
import SteelyardCore
import Testing

@testable import SteelyardWorker

extension AgentProgram {
    static let test = AgentProgram(
        name: "test",
        summary: "Is tested.",
        release: Release(version: "1.0", release: "1.0"),
        drivers: [.haproxy, .noOp],
        archiver: .objectStore
    )

    fileprivate static func of(_ drivers: [String], stores: [String] = []) -> AgentProgram {
        AgentProgram(
            name: "test",
            summary: "Is tested.",
            release: Release(version: "1.0", release: "1.0"),
            drivers: drivers.map { DriverDefinition(name: $0, summary: "A driver.") { _ in NoOpDriver() } },
            stores: stores.map { StoreDefinition(type: $0, credentials: []) { _ in KeepsNothing() } },
            archiver: .objectStore
        )
    }
}

private struct KeepsNothing: ObjectStore {
    func put(_ upload: ObjectUpload) async throws(ObjectStoreError) -> StoredObject {
        throw ObjectStoreError(.unsupported, "nothing is kept")
    }
}

/// The drivers and stores that a program may register.
@Suite struct AgentProgramTests {
    @Test(arguments: [
        ([], [], "no driver"), (["My"], [], "valid name"), (["a b"], [], "valid name"), ([""], [], "valid name"),
        (["a", "a"], [], "already used"), (["a"], ["a"], "already used"), (["log"], [], "already used"),
        (["metrics"], [], "already used"), (["state_dir"], [], "already used"),
        (["a"], ["archive"], "already used"), (["a"], ["S3"], "valid name"),
    ])
    func refuses(_ drivers: [String], _ stores: [String], _ words: String) {
        #expect(AgentProgram.of(drivers, stores: stores).fault?.contains(words) == true)
    }

    @Test func acceptsGoodNames() { #expect(AgentProgram.of(["my_proxy2", "noop"], stores: ["s3"]).fault == nil) }

    @Test func listsTheSettingsOfWhatIsRegistered() {
        let keys = AgentProgram.test.settings.map(\.key)
        #expect(keys.contains("haproxy.log_target") && keys.contains("archive.mode") && keys.contains("state_dir"))
        #expect(Set(keys).count == keys.count)
        let others = AgentProgram.of(["a"]).settings.map(\.key)
        #expect(!others.contains { $0.hasPrefix("haproxy.") })
        let helps = AgentProgram.test.settings.map(\.help)
        #expect(helps.allSatisfy { $0.hasSuffix(".") && !$0.contains("\n") })
    }

    @Test(arguments: ["/run/a\u{7}.prom", "/run/a\nb.prom", "/run/a\u{0}.prom", "/run/a\u{7F}.prom"])
    func refusesControlCharactersInTheTextfile(_ path: String) {
        var loader = ConfigurationLoader(program: .test)
        loader.environment = ["STEELYARD_METRICS_TEXTFILE": path]
        let error = #expect(throws: ConfigurationError.self) { try loader.load() }
        #expect(error.map { "\($0)".contains("control characters") } == true)
    }

    @Test func refusesADriverThatIsNotRegistered() throws {
        var loader = ConfigurationLoader(program: .of(["first", "second"]))
        #expect(try loader.load().driver.name == "first")
        loader.environment = ["STEELYARD_DRIVER": "haproxy"]
        let error = #expect(throws: ConfigurationError.self) { try loader.load() }
        #expect(error?.description == #"STEELYARD_DRIVER must be one of first, second, not "haproxy""#)
    }
}
