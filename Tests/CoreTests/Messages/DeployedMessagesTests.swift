// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Testing

/// Messages that deployed Libra control planes send, and the members that they read in the replies.
@Suite("Messages of deployed control planes")
struct DeployedMessagesTests {
    private static let update = """
        {"hpcs_action": "UPDATE", "loadBalancers": [{"name": "lb-01", "protocol": "HTTP", "algorithm": "ROUND_ROBIN", \
        "port": 80, "nodes": [{"id": 2311, "port": 80, "weight": 1, "address": "15.185.227.167", "condition": "ENABLED", \
        "backup": "FALSE"}, {"id": 2312, "port": 8080, "weight": null, "address": "web.example.com", \
        "condition": "ENABLED", "backup": "TRUE"}], "monitor": {"type": "CONNECT", "delay": 30, "timeout": 30, \
        "attempts": 2}, "options": {"client_timeout": null, "server_timeout": 60000, "connect_timeout": null, \
        "connect_retries": null}}, {"name": "lb-02", "protocol": "TCP", "algorithm": "LEAST_CONNECTIONS", \
        "port": 3306, "nodes": [{"id": 2400, "port": 3306, "weight": 1, "address": "15.185.227.168", \
        "condition": "ENABLED", "backup": "FALSE"}], "monitor": {"type": "HTTP", "delay": null, "timeout": null, \
        "attempts": null, "path": "healthcheck"}}]}
        """

    @Test("an UPDATE of two load balancers")
    func update() async throws {
        let agent = TestAgent()
        let answer = try await agent.send(Self.update)
        #expect(answer.passed, "\(answer.text)")
        #expect(try answer.json.without(["hpcs_response"]) == PlainJSON(Self.update))
        let stats = try await agent.send(#"{"hpcs_action": "STATS"}"#)
        // Libra converts each id to an integer.
        let expected: PlainJSON = [
            ["id": "2311", "status": "UP", "protocol": "HTTP"], ["id": "2312", "status": "UP", "protocol": "HTTP"],
            ["id": "2400", "status": "UP", "protocol": "TCP"],
        ]
        #expect(stats.passed && stats.json["nodes"] == expected)
    }

    @Test("one of two load balancers is deleted by an UPDATE of the other, without monitor, options and backup")
    func deletingOne() async throws {
        let agent = TestAgent()
        try await agent.send(Self.update)
        let rest = """
            {"hpcs_action": "UPDATE", "loadBalancers": [{"name": "lb-02", "protocol": "TCP", "port": 3306, \
            "algorithm": "LEAST_CONNECTIONS", "nodes": [{"id": 2400, "port": 3306, "weight": 1, \
            "address": "15.185.227.168", "condition": "ENABLED"}]}]}
            """
        #expect(try await agent.send(rest).passed)
        let stats = try await agent.send(#"{"hpcs_action": "STATS"}"#)
        #expect(stats.json["nodes"] == [["id": "2400", "status": "UP", "protocol": "TCP"]])
    }

    @Test("an ARCHIVE, with the type in lower case")
    func archive() async throws {
        let agent = TestAgent()
        try await agent.send(Self.update)
        agent.driver.setLog(of: .tcp, ["one", "two"])
        let answer = try await agent.send(
            """
            {"hpcs_action": "ARCHIVE", "hpcs_object_store_basepath": "lbaaslogs", \
            "hpcs_object_store_endpoint": "https://example.com/v1/100", "hpcs_object_store_token": "MY_AUTH_TOKEN", \
            "hpcs_object_store_type": "swift", "loadBalancers": [{"id": "15", "name": "lb #1", "protocol": "GALERA"}]}
            """
        )
        #expect(answer.passed, "\(answer.text)")
        // GALERA's lines are in the log of TCP; the object's name contains the time at which the upload started.
        let upload = try #require(agent.store.uploads.first)
        #expect(upload.place == "lbaaslogs/15/haproxy-20231114-221320.log.gz" && upload.content == "one\ntwo\n")
        #expect(upload.endpoint == "https://example.com/v1/100")
    }

    @Test(
        "METRICS: protocols in lower case, GALERA as tcp, whole numbers, times in Libra's format",
        arguments: ["TCP", "GALERA"]
    )
    func metrics(spoken: String) async throws {
        let agent = TestAgent()
        try await agent.send(
            #"{"hpcs_action":"UPDATE","loadBalancers":[{"protocol":"\#(spoken)","port":3306,"nodes":[]}]}"#
        )
        let answer = try await agent.send(#"{"hpcs_action":"METRICS"}"#)
        #expect(answer.passed && answer.json["loadBalancers"] == [["protocol": "tcp", "bytes_out": 0]])
        for name in ["utc_start", "utc_end"] {
            let moment = try #require(answer.json[name]?.string)
            #expect(moment.wholeMatch(of: /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}/) != nil, "\(moment)")
        }
    }

    @Test("METRICS: exact byte counts")
    func manyBytes() async throws {
        let agent = TestAgent()
        agent.driver.setUsage(
            UsageReport(
                start: UTCTimestamp(microseconds: 1_382_367_476_000_001),
                end: UTCTimestamp(microseconds: 1_382_371_076_999_999),
                entries: [
                    .init(proxyKind: .http, bytesOut: 9_007_199_254_740_993), .init(proxyKind: .tcp, bytesOut: .max),
                ],
                mark: 7
            )
        )
        let answer = try await agent.send(#"{"hpcs_action":"METRICS"}"#)
        let expected =
            #"{"hpcs_action":"METRICS","utc_start":"2013-10-21 14:57:56.000001","utc_end":"2013-10-21 15:57:56.999999","#
            + #""loadBalancers":[{"protocol":"http","bytes_out":9007199254740993},"#
            + #"{"protocol":"tcp","bytes_out":9223372036854775807}],"hpcs_response":"PASS"}"#
        #expect(answer.text == expected)
    }

    @Test("after a DELETE, STATS and METRICS report it in a form that Libra ignores", arguments: ["STATS", "METRICS"])
    func deleted(action: String) async throws {
        let agent = TestAgent()
        try await agent.update()
        #expect(try await agent.send(#"{"hpcs_action": "DELETE"}"#).passed)
        let answer = try await agent.send(#"{"hpcs_action":"\#(action)"}"#)
        #expect(answer.response == "FAIL" && answer.json["status"] == "DELETED")
        #expect(answer.error?.isEmpty == false)
    }

    @Test("DIAGNOSTICS in the form that Libra's admin servers read")
    func diagnostics() async throws {
        let report = DiagnosticsReport(
            network: false,
            servers: [.init(name: "15.185.1.2", answers: true), .init(name: "15.185.1.2:4731", answers: false)],
            style: .libra
        )
        let answer = try await TestAgent(diagnostics: report).send(#"{"hpcs_action":"DIAGNOSTICS"}"#)
        #expect(
            answer.json == [
                "hpcs_action": "DIAGNOSTICS", "network": "FAIL", "release": "1.0.alpha.3.gca84083",
                "hpcs_response": "PASS",
                "gearman": [
                    ["host": "15.185.1.2", "status": "PASS"], ["host": "15.185.1.2:4731", "status": "FAIL"],
                ],
            ]
        )
    }

    @Test(
        "the reply to any message contains hpcs_response",
        arguments: ["", "{}", "[]", #"{"hpcs_action":"STATS"}"#, "\u{0}"]
    )
    func alwaysThere(payload: String) async throws {
        let answer = try await TestAgent().send(payload)
        #expect(answer.response == "FAIL" && answer.error?.isEmpty == false)
    }
}
