// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArchivingTestSupport
import SteelyardCore
import TestServers
import Testing

/// Invalid input must be rejected within 100 ms; the best of five runs may take ten times that, because of builds
/// without optimisation and busy machines.
@Suite("Cost of a rejection", .ownThread)
struct RefusalCostTests {
    private static let node = #"{"address":"10.0.0.1","port":80}"#

    private static let messages: [(name: String, text: String)] = [
        ("a megabyte of brackets", String(repeating: "[", count: 1_048_576)),
        ("a megabyte of brackets in an object", #"{"a":"# + String(repeating: "[", count: 1_048_576)),
        ("a megabyte of objects", String(repeating: #"{"a":"#, count: 209_715)),
        ("8 MiB and a byte", String(repeating: "{", count: 8 * 1024 * 1024 + 1)),
        (
            "two on one port",
            UpdateMessage.text(#"{"protocol":"HTTP","nodes":[]},{"protocol":"TCP","port":80,"nodes":[]}"#)
        ),
        (
            "10,001 nodes",
            UpdateMessage.text(
                #"{"protocol":"HTTP","nodes":[\#(Array(repeating: node, count: 10_001).joined(separator: ","))]}"#
            )
        ),
        ("a long name", UpdateMessage.text(UpdateMessage.node(#""id":"\#(String(repeating: "a", count: 100_000))""#))),
    ]

    @Test("is bounded", arguments: Self.messages.indices)
    func cost(index: Int) async throws {
        let (name, text) = Self.messages[index]
        let agent = TestAgent()
        let payload = Array(text.utf8)
        var best = Duration.seconds(1000)
        for _ in 0..<5 {
            let start = ContinuousClock.now
            let outcome = await agent.dispatcher.handle(payload, job: TestJob())
            best = min(best, ContinuousClock.now - start)
            #expect(!outcome.reply.passed)
        }
        #expect(best < .seconds(1), "\(name)")
        #expect(agent.driver.events.isEmpty)
        #expect(try await agent.update().passed)
    }
}
