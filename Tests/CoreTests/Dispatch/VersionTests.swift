// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArchivingTestSupport
import NoOpDriver
import SteelyardCore
import Testing

/// An UPDATE with a version lower than the device's is rejected.
@Suite("The version of the configuration", .timeLimit(.minutes(5)))
struct VersionTests {
    private static let stats = #"{"hpcs_action":"STATS"}"#

    /// An UPDATE of one load balancer, with this text as its `config_version`.
    private static func update(_ version: String?, port: Int = 80) -> String {
        let field = version.map { #""config_version":\#($0),"# } ?? ""
        return #"{"hpcs_action":"UPDATE",\#(field)"loadBalancers":[{"protocol":"HTTP","port":\#(port),"nodes":[]}]}"#
    }

    private static func stale(_ version: Int, _ current: Int) -> String {
        "config_version \(version) is lower than \(current), the device's current version; send \(current) or higher"
    }

    private func version(of agent: TestAgent) async throws -> PlainJSON? {
        let answer = try await agent.send(Self.stats)
        #expect(answer.passed, "\(answer.text)")
        return answer.json["config_version"]
    }

    @Test(
        "numbers and strings of digits are accepted and echoed unchanged",
        arguments: [
            ("0", "0"), ("7", "7"), (#""7""#, "7"), (#""007""#, "7"), (#""\u0037""#, "7"),
            ("9223372036854775807", "9223372036854775807"), (#""9223372036854775807""#, "9223372036854775807"),
        ]
    )
    func accepted(text: String, number: String) async throws {
        let agent = TestAgent()
        let answer = try await agent.send(Self.update(text))
        #expect(answer.passed && answer.text.contains(#""config_version":\#(text),"#), "\(answer.text)")
        let stats = try await agent.send(Self.stats)
        #expect(
            stats.text
                == #"{"hpcs_action":"STATS","nodes":[],"config_version":\#(number),"hpcs_response":"PASS"}"#
        )
    }

    @Test("an absent or null config_version is no version", arguments: [nil, "null"] as [String?])
    func none(text: String?) async throws {
        let agent = TestAgent()
        #expect(try await agent.send(Self.update(text)).passed)
        #expect(try await version(of: agent) == nil)
    }

    @Test(
        "an invalid config_version is rejected with its name",
        arguments: [
            ("-1", "must be a whole number from 0 to 9223372036854775807, not -1"),
            (#""-1""#, #"must be a whole number, not "-1""#), (#""""#, #"must be a whole number, not """#),
            ("1.5", #"must be a whole number, not "1.5""#), ("1e3", #"must be a whole number, not "1e3""#),
            (#""+1""#, #"must be a whole number, not "+1""#), (#"" 1""#, #"must be a whole number, not " 1""#),
            (#""1.0""#, #"must be a whole number, not "1.0""#), (#""v1""#, #"must be a whole number, not "v1""#),
            ("true", "must be a whole number, not a boolean"), ("[1]", "must be a whole number, not a list"),
            ("{}", "must be a whole number, not an object"),
            ("9223372036854775808", #"is too large a number, "9223372036854775808""#),
            (#""9223372036854775808""#, #"is too large a number, "9223372036854775808""#),
        ]
    )
    func refused(text: String, cause: String) async throws {
        try await Refusal("", "", cause).check(message: Self.update(text), path: "config_version")
    }

    @Test("a duplicate is rejected, also if the second one is null")
    func twice() async throws {
        for second in ["2", "null"] {
            let answer = try await TestAgent().send(Self.update(#"1,"config_version":\#(second)"#))
            #expect(answer.response == "FAIL" && answer.error == "config_version appears more than once")
        }
    }

    @Test("other messages than UPDATE ignore it")
    func otherActions() async throws {
        let agent = TestAgent()
        #expect(try await agent.send(Self.update("7")).passed)
        for action in ["SUSPEND", "ENABLE", "METRICS", "DISCOVER"] {
            #expect(try await agent.send(#"{"hpcs_action":"\#(action)","config_version":-1}"#).passed)
        }
        let stats = try await agent.send(#"{"config_version":1,"hpcs_action":"STATS"}"#)
        #expect(stats.json["config_version"] == 7, "the device's version replaces the request's: \(stats.text)")
    }

    @Test("a lower version is a FAIL with a code and the field, and changes nothing", arguments: [false, true])
    func lower(isSuspended: Bool) async throws {
        let agent = TestAgent()
        #expect(try await agent.send(Self.update("7", port: 1)).passed)
        if isSuspended { #expect(try await agent.send(#"{"hpcs_action":"SUSPEND"}"#).passed) }
        let before = agent.driver.events
        for text in ["6", #""6""#] {
            let message = Self.update(text, port: 2)
            let answer = try await agent.send(message)
            #expect(
                try answer.json.without(["hpcs_response", "hpcs_error", "hpcs_error_code", "hpcs_error_field"])
                    == PlainJSON(message)
            )
            #expect(answer.response == "FAIL" && answer.error == Self.stale(6, 7))
            #expect(answer.json["hpcs_error_code"] == "stale_version")
            #expect(answer.json["hpcs_error_field"] == "config_version")
        }
        #expect(agent.driver.events == before)
        #expect(try await version(of: agent) == 7)
    }

    @Test("an equal or higher version is applied, also repeatedly")
    func equalOrHigher() async throws {
        let agent = TestAgent()
        for (text, port) in [("0", 1), ("0", 1), ("7", 2), (#""7""#, 3), ("7", 3), ("9223372036854775807", 4)] {
            #expect(try await agent.send(Self.update(text, port: port)).passed)
        }
        #expect(agent.driver.events == [1, 1, 2, 3, 3, 4].map { "apply \($0)" })
    }

    @Test("an UPDATE without a version is applied and removes the device's version")
    func withoutOne() async throws {
        let agent = TestAgent()
        for text in ["7", nil, "3", nil, nil, "1"] {
            let answer = try await agent.send(Self.update(text))
            #expect(answer.passed, "\(answer.text)")
            #expect(try await version(of: agent) == text.flatMap(Double.init).map { .number($0) })
        }
    }

    @Test("SUSPEND and ENABLE keep it, and STATS reports it")
    func suspended() async throws {
        let agent = TestAgent()
        #expect(try await agent.send(Self.update("7")).passed)
        #expect(try await agent.send(#"{"hpcs_action":"SUSPEND"}"#).passed)
        let stats = try await agent.send(Self.stats)
        #expect(
            stats.json
                == ["hpcs_action": "STATS", "status": "SUSPENDED", "config_version": 7, "hpcs_response": "PASS"]
        )
        #expect(try await agent.send(Self.update("8")).passed)
        #expect(try await version(of: agent) == 8)
        #expect(try await agent.send(#"{"hpcs_action":"ENABLE"}"#).passed)
        #expect(try await agent.send(Self.update("7")).json["hpcs_error_code"] == "stale_version")
        #expect(try await version(of: agent) == 8)
    }

    @Test("a STATS during a change never reports a version newer than its nodes")
    func statsDuringAChange() async throws {
        let latch = Latch()
        let agent = TestAgent(driver: RecordingDriver(pause: { if $0 == "status" { await latch.pass() } }))
        #expect(try await agent.send(Self.update("7")).passed)
        let stats = Task { try await agent.send(Self.stats).json["config_version"] }
        await latch.waitForArrival()
        #expect(try await agent.send(Self.update("8")).passed)
        latch.open()
        #expect(try await stats.value == 7)
        #expect(try await version(of: agent) == 8)
    }

    @Test("a DELETE removes it")
    func deleted() async throws {
        let agent = TestAgent()
        #expect(try await agent.send(Self.update("7")).passed)
        #expect(try await agent.send(#"{"hpcs_action":"DELETE"}"#).passed)
        let stats = try await agent.send(Self.stats)
        #expect(stats.json["status"] == "DELETED" && stats.json["config_version"] == nil)
        #expect(try await agent.send(Self.update("1")).passed)
        #expect(try await version(of: agent) == 1)
    }

    @Test("a failed UPDATE keeps the old version")
    func failing() async throws {
        let agent = TestAgent(
            driver: RecordingDriver(failure: { $0 == "apply 2" ? DriverError(.rejected, "no") : nil })
        )
        #expect(try await agent.send(Self.update("7", port: 1)).passed)
        #expect(try await agent.send(Self.update("8", port: 2)).error == "no")
        #expect(try await agent.send(Self.update("7", port: 1)).passed)
        #expect(try await version(of: agent) == 7)
    }

    /// The version is compared when the UPDATE's turn comes, not when it arrives.
    @Test("each is compared in its turn with the version that earlier changes left")
    func inTurn() async throws {
        let latch = Latch()
        let driver = RecordingDriver(
            failure: { $0 == "apply 1" ? DriverError(.rejected, "no") : nil },
            pause: { if $0 == "apply 10" { await latch.pass() } }
        )
        let agent = TestAgent(driver: driver)
        // Version, port and expected result; a port of nil is a DELETE.
        let rows: [(version: Int, port: Int?, error: String?)] = [
            (5, 10, nil), (4, 2, Self.stale(4, 5)), (9, 1, "no"), (6, 3, nil), (5, 4, Self.stale(5, 6)),
            (6, 5, nil), (0, nil, nil), (1, 6, nil),
        ]
        let queue = SerialQueue()
        let tasks = rows.map { row in
            let message =
                row.port.map { Self.update("\(row.version)", port: $0) } ?? #"{"hpcs_action":"DELETE"}"#
            return Task(executorPreference: queue) {
                await agent.dispatcher.handle(Array(message.utf8), job: TestJob())
            }
        }
        // The queue is ordered: once this has run, all messages have arrived, and the first is blocked.
        await Task(executorPreference: queue) {}.value
        await latch.waitForArrival()
        latch.open()
        for (row, task) in zip(rows, tasks) {
            let answer = try Answer(await task.value)
            #expect(answer.error == row.error, "\(row)")
        }
        #expect(driver.events == ["apply 10", "apply 1", "apply 3", "apply 5", "delete", "apply 6"])
    }

    @Test("a dry run rejects the same versions and stores none")
    func dryRun() async throws {
        let device = NoOpDriver()
        let before = TestAgent(driver: RecordingDriver(device: device))
        #expect(try await before.send(Self.update("7")).passed)
        let agent = TestAgent(driver: RecordingDriver(device: device), isDryRun: true)
        let refused = try await agent.send(Self.update("6"))
        #expect(refused.error == Self.stale(6, 7) && refused.json["hpcs_dry_run"] == true)
        #expect(refused.json["hpcs_error_code"] == "stale_version")
        #expect(agent.driver.events.isEmpty)
        for text in ["7", "9", nil] { #expect(try await agent.send(Self.update(text)).passed) }
        #expect(try await version(of: agent) == 7)
    }

    @Test("if the version cannot be read, an UPDATE with a version fails and one without is applied")
    func unreadable() async throws {
        let agent = TestAgent(
            driver: RecordingDriver(failure: { $0 == "version" ? DriverError(.stateUnreadable, "is lost") : nil })
        )
        let answer = try await agent.send(Self.update("7"))
        #expect(answer.response == "FAIL" && answer.error == "is lost" && agent.driver.events.isEmpty)
        #expect(try await agent.send(Self.update(nil)).passed)
    }

    @Test("other failures have other codes")
    func otherFailures() async throws {
        let failures: [(String, String, PlainJSON?)] = [
            ("", "invalid_json", nil), ("{}", "invalid_field", "hpcs_action"),
            (Self.update("-1"), "invalid_field", "config_version"), (Self.stats, "not_configured", nil),
            (#"{"hpcs_action":"ENABLE"}"#, "not_configured", nil),
        ]
        for (message, code, field) in failures {
            let answer = try await TestAgent().send(message)
            #expect(answer.response == "FAIL" && answer.json["hpcs_error_code"] == .string(code))
            #expect(answer.json["hpcs_error_field"] == field)
        }
    }
}
