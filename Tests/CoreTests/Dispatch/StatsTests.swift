// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import NoOpDriver
import SteelyardCore
import TestServers
import Testing

@Suite("STATS and METRICS")
struct StatsTests {
    @Test("each state of a node, with the reason if it is down")
    func nodes() async throws {
        let nodes = [
            NodeStatus(id: try Identifier("a"), state: .up), NodeStatus(id: try Identifier("2"), state: .disabled),
            NodeStatus(id: try Identifier("c"), state: .draining),
            NodeStatus(
                id: try Identifier("d"),
                state: .down,
                reason: "refused \"it\"\n",
                since: UTCTimestamp(microseconds: 1_000_000),
                listenerProtocol: .galera,
                loadBalancer: try Identifier("lb")
            ),
        ]
        let agent = TestAgent(driver: RecordingDriver(device: FixedStatus(state: .serving(nodes))))
        let answer = try await agent.send(#"{"hpcs_action":"STATS"}"#)
        #expect(
            answer.json == [
                "hpcs_action": "STATS", "hpcs_response": "PASS",
                "nodes": [
                    ["id": "a", "status": "UP"], ["id": "2", "status": "DISABLED"], ["id": "c", "status": "DRAINING"],
                    [
                        "id": "d", "status": "DOWN", "reason": "refused \"it\"\n",
                        "since": "1970-01-01 00:00:01.000000", "protocol": "GALERA", "load_balancer_id": "lb",
                    ],
                ],
            ]
        )
    }

    @Test("the name and version of the proxy, also while the device is suspended")
    func proxy() async throws {
        for state in [DeviceStatus.serving([]), .suspended] {
            var device = FixedStatus(state: state)
            device.proxy = ProxyStatus(name: "haproxy", version: "2.6.12", since: UTCTimestamp(microseconds: 0))
            let answer = try await TestAgent(driver: RecordingDriver(device: device)).send(#"{"hpcs_action":"STATS"}"#)
            #expect(answer.json["haproxy"] == ["version": "2.6.12", "since": "1970-01-01 00:00:00.000000"])
        }
    }

    @Test("passes on a suspended device")
    func suspended() async throws {
        let agent = TestAgent()
        try await agent.update()
        for _ in 0..<2 { #expect(try await agent.send(#"{"hpcs_action":"SUSPEND"}"#).passed) }
        let answer = try await agent.send(#"{"hpcs_action":"STATS"}"#)
        #expect(answer.json == ["hpcs_action": "STATS", "status": "SUSPENDED", "hpcs_response": "PASS"])
        #expect(try await agent.update(port: 90).passed)
        #expect(
            try await agent.send(#"{"hpcs_action":"STATS"}"#).json["status"] == "SUSPENDED",
            "an UPDATE leaves it suspended"
        )
        for _ in 0..<2 { #expect(try await agent.send(#"{"hpcs_action":"ENABLE"}"#).passed) }
        let serving = try await agent.send(#"{"hpcs_action":"STATS"}"#)
        #expect(
            serving.json["status"] == nil && serving.json["nodes"] == [["id": "1", "status": "UP", "protocol": "HTTP"]]
        )
    }

    @Test("without nodes, the list is empty")
    func noNodes() async throws {
        let agent = TestAgent()
        try await agent.send(UpdateMessage.text(#"{"protocol":"HTTP","nodes":[]}"#))
        #expect(try await agent.send(#"{"hpcs_action":"STATS"}"#).json["nodes"] == [])
    }

    @Test("METRICS is committed after its reply is delivered, not earlier")
    func commit() async throws {
        let agent = TestAgent()
        try await agent.update()
        // Discarded at once, like the reply to a client that closed its connection.
        let lost = try await agent.send(#"{"hpcs_action":"METRICS"}"#).json["utc_start"]
        #expect(agent.driver.events == ["apply 80", "usage"], "a lost reply commits nothing")
        let answer = try await agent.send(#"{"hpcs_action":"METRICS"}"#)
        #expect(answer.json["utc_start"] == lost)
        await answer.outcome.delivered?()
        #expect(agent.driver.events == ["apply 80", "usage", "usage", "commit"])
        let next = try await agent.send(#"{"hpcs_action":"METRICS"}"#)
        #expect(next.json["utc_start"] == answer.json["utc_end"], "the periods are contiguous")
    }

    @Test("only METRICS has an action after its reply is delivered")
    func nothingToDeliver() async throws {
        let agent = TestAgent()
        for message in [
            TestAgent.update(), TestAgent.archive(), #"{"hpcs_action":"STATS"}"#, "{}", #"{"hpcs_action":"DELETE"}"#,
        ] {
            #expect(try await agent.send(message).outcome.delivered == nil)
        }
        #expect(try await agent.send(#"{"hpcs_action":"METRICS"}"#).outcome.delivered == nil, "a FAIL neither")
    }

    @Test("a failed commit is logged")
    func failingCommit() async throws {
        let agent = TestAgent(
            driver: RecordingDriver(failure: { $0 == "commit" ? DriverError(.stateUnwritable, "disk full") : nil })
        )
        try await agent.update()
        let answer = try await agent.send(#"{"hpcs_action":"METRICS"}"#)
        await answer.outcome.delivered?()
        #expect(agent.log.lines.contains { $0.hasPrefix("error usage not committed") && $0.contains("disk full") })
    }

    @Test("a METRICS request may contain a member that its reply adds")
    func ownList() async throws {
        let agent = TestAgent()
        try await agent.update()
        let answer = try await agent.send(#"{"loadBalancers":[1],"hpcs_action":"METRICS","utc_end":null,"x":1}"#)
        #expect(answer.json["loadBalancers"] == [["protocol": "http", "bytes_out": 0]])
        #expect(answer.text.components(of: #""loadBalancers""#) == 2 && answer.text.components(of: #""utc_end""#) == 2)
    }
}

extension String {
    /// The number of pieces between separators.
    fileprivate func components(of separator: String) -> Int {
        split(separator: separator, omittingEmptySubsequences: false).count
    }
}
