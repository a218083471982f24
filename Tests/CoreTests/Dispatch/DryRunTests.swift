// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArchivingTestSupport
import SteelyardCore
import TestServers
import Testing

@Suite("Dry run")
struct DryRunTests {
    @Test("changes are only previewed")
    func changes() async throws {
        let agent = TestAgent(isDryRun: true)
        let update = try await agent.update()
        #expect(update.passed && update.json["hpcs_dry_run"] == true)
        #expect(try await agent.send(#"{"hpcs_action":"DELETE"}"#).passed)
        // As in a real run: the device is not configured.
        for action in ["SUSPEND", "ENABLE"] {
            let answer = try await agent.send(#"{"hpcs_action":"\#(action)"}"#)
            #expect(answer.response == "FAIL" && answer.json["hpcs_dry_run"] == true)
        }
        #expect(agent.driver.events == Array(repeating: "preview", count: 4))
        #expect(agent.log.lines.contains { $0.hasPrefix("notice dry run dry_run.difference=notConfigured becomes") })
    }

    @Test(
        "every reply contains hpcs_dry_run once, also a FAIL",
        arguments: [
            "", "{}", "[]", #"{"hpcs_action":"UPDATE"}"#, #"{"hpcs_action":"STATS"}"#, #"{"hpcs_action":"DISCOVER"}"#,
            #"{"hpcs_action":"DIAGNOSTICS","hpcs_dry_run":false}"#, TestAgent.archive(),
        ]
    )
    func marked(message: String) async throws {
        let answer = try await TestAgent(isDryRun: true).send(message)
        #expect(answer.json["hpcs_dry_run"] == true)
        #expect(answer.text.split(separator: "hpcs_dry_run", omittingEmptySubsequences: false).count == 2)
        #expect(try await TestAgent().send(message).json["hpcs_dry_run"] != true, "a real run adds no hpcs_dry_run")
    }

    @Test("the reply to a message that is too large contains hpcs_dry_run")
    func tooLarge() throws {
        let agent = TestAgent(isDryRun: true)
        let outcome = try #require(agent.dispatcher.refuse(byteCount: 8_388_609, job: TestJob()))
        #expect(try Answer(outcome).json["hpcs_dry_run"] == true)
    }

    @Test("METRICS commits nothing")
    func metrics() async throws {
        let agent = TestAgent(isDryRun: true)
        let time = UTCTimestamp(microseconds: 0)
        agent.driver.setUsage(UsageReport(start: time, end: time, entries: [], mark: 1))
        let answer = try await agent.send(#"{"hpcs_action":"METRICS"}"#)
        #expect(answer.passed && answer.outcome.delivered == nil)
        #expect(agent.driver.events == ["usage"])
    }

    @Test("a failed preview is a FAIL with the field")
    func failing() async throws {
        let field = LoadBalancerField(loadBalancer: 0, name: "port")
        let driver = RecordingDriver(failure: { _ in DriverError(.addressInUse, "is taken", field: field) })
        let answer = try await TestAgent(driver: driver, isDryRun: true).update()
        #expect(answer.error == "loadBalancers[0].port is taken" && answer.json["hpcs_dry_run"] == true)
        #expect(driver.events == ["preview"])
    }
}
