// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Testing

@Suite("Errors of a driver")
struct DriverErrorTests {
    private func agent(_ error: DriverError) -> TestAgent {
        TestAgent(driver: RecordingDriver(failure: { _ in error }))
    }

    @Test("the error names the field as the message spells it", arguments: UpdateMessage.spellings)
    func fields(spelling: String) async throws {
        let message = UpdateMessage.text(#"{"protocol":"HTTP","nodes":[{"address":"h","port":1}]}"#, spelling: spelling)
        let rows: [(LoadBalancerField, String)] = [
            (LoadBalancerField(loadBalancer: 0, name: "port"), "[0].port"),
            (LoadBalancerField(loadBalancer: 0, node: 0, name: "address"), "[0].nodes[0].address"),
            (LoadBalancerField(loadBalancer: 1, node: 12, name: "address"), "[1].nodes[12].address"),
        ]
        for (field, path) in rows {
            let agent = agent(DriverError(.addressInUse, "is 80, which another program listens on", field: field))
            let answer = try await agent.send(message)
            #expect(answer.response == "FAIL")
            #expect(answer.error == "\(spelling)\(path) is 80, which another program listens on")
        }
    }

    @Test("an unsupported action: the error names the driver and the action")
    func unsupported() async throws {
        let messages = [
            ("UPDATE", TestAgent.update()), ("ARCHIVE", TestAgent.archive()),
            ("SUSPEND", #"{"hpcs_action":"suspend"}"#),
            ("ENABLE", #"{"hpcs_action":"ENABLE"}"#), ("DELETE", #"{"hpcs_action":"DELETE"}"#),
            ("STATS", #"{"hpcs_action":"STATS"}"#), ("METRICS", #"{"hpcs_action":"METRICS"}"#),
        ]
        for (action, message) in messages {
            let answer = try await agent(DriverError(.unsupported, "it has no logs")).send(message)
            #expect(answer.error == "the driver recording does not support \(action): it has no logs")
        }
    }

    @Test(
        "other errors of the driver are returned unchanged",
        arguments: [
            .notRunning, .rejected, .timedOut, .unavailable, .stateUnreadable, .logUnavailable, .cancelled,
            .notConfigured,
        ]
            as [DriverError.Code]
    )
    func others(code: DriverError.Code) async throws {
        for action in ["STATS", "METRICS", "DELETE"] {
            let answer = try await agent(DriverError(code, "what \"happened\"")).send(#"{"hpcs_action":"\#(action)"}"#)
            #expect(
                answer.json == [
                    "hpcs_action": .string(action), "hpcs_response": "FAIL", "hpcs_error": "what \"happened\"",
                    "hpcs_error_code": .string(FailureCode(code).rawValue),
                ]
            )
        }
        #expect(DriverError(code, "x").description == "\(code): x")
    }

    @Test("only STATS and METRICS report that the device was deleted")
    func deleted() async throws {
        for (action, says) in [("STATS", true), ("METRICS", true), ("SUSPEND", false), ("ENABLE", false)] {
            let answer = try await agent(DriverError(.deleted, "gone")).send(#"{"hpcs_action":"\#(action)"}"#)
            #expect(answer.response == "FAIL" && answer.error == "gone")
            #expect(answer.json["status"] == (says ? "DELETED" : nil))
        }
    }

    @Test("SUSPEND and ENABLE fail without a configuration and after a DELETE")
    func nothingToSuspend() async throws {
        let agent = TestAgent()
        for round in 0..<2 {
            for action in ["SUSPEND", "ENABLE", "STATS", "METRICS"] {
                let answer = try await agent.send(#"{"hpcs_action":"\#(action)"}"#)
                #expect(answer.response == "FAIL" && answer.error?.isEmpty == false, "\(round) \(answer.text)")
            }
            // The logs need no configuration; a deleted device has none.
            let archive = try await agent.send(TestAgent.archive())
            #expect(archive.passed == (round == 0), "\(archive.text)")
            #expect(archive.error?.contains("there are no logs") == (round == 0 ? nil : true))
            // A repeated DELETE passes.
            for _ in 0..<2 { #expect(try await agent.send(#"{"hpcs_action":"DELETE"}"#).passed) }
        }
        #expect(try await agent.update().passed, "a later UPDATE configures the device again")
        #expect(try await agent.send(#"{"hpcs_action":"STATS"}"#).passed)
    }
}
