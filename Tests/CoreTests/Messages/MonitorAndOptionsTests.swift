// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SteelyardCore

@Suite("UPDATE: accepted monitors and options")
struct MonitorAndOptionsTests {
    private func monitor(_ text: String) throws -> HealthMonitor {
        try #require(try UpdateMessage.decode(UpdateMessage.loadBalancer(#""monitor":\#(text)"#)).first).monitor
    }

    private func options(_ text: String) throws -> ConnectionOptions {
        try #require(try UpdateMessage.decode(UpdateMessage.loadBalancer(#""options":\#(text)"#)).first).options
    }

    @Test("the first four, present and null, mean their defaults")
    func nulls() throws {
        let found = try monitor(#"{"type":null,"delay":null,"timeout":null,"attempts":null,"path":null}"#)
        #expect(found == .standard)
        #expect(found.path.description == "/")
    }

    @Test("a timeout of null is the delay", arguments: [1, 7, 86_400])
    func timeoutOfNull(delay: Int) throws {
        let found = try monitor(#"{"type":"connect","delay":\#(delay),"timeout":null,"attempts":1}"#)
        #expect(found.delay == delay && found.timeout == delay && found.attempts == 1 && found.kind == .connect)
    }

    @Test("the limits of the ranges, as numbers and as strings")
    func ranges() throws {
        let small = try monitor(#"{"type":"HTTP","delay":"1","timeout":"1","attempts":"1"}"#)
        #expect(small.kind == .http && small.delay == 1 && small.timeout == 1 && small.attempts == 1)
        let large = try monitor(#"{"type":"Http","delay":86400,"timeout":86400,"attempts":1000}"#)
        #expect(large.delay == 86_400 && large.timeout == 86_400 && large.attempts == 1000)
    }

    @Test(
        "paths",
        arguments: [
            ("/", "/"), ("", "/"), ("health", "/health"), ("/a/b.html?x=1&y=%20", "/a/b.html?x=1&y=%20"),
            ("/a..b", "/a..b"),
            ("/-._~!&()*+,;=:@%", "/-._~!&()*+,;=:@%"), ("?x", "/?x"),
            ("/" + String(repeating: "a", count: 254), "/" + String(repeating: "a", count: 254)),
        ]
    )
    func paths(text: String, expected: String) throws {
        let found = try monitor(#"{"type":"HTTP","delay":5,"timeout":5,"attempts":2,"path":"\#(text)"}"#)
        #expect(found.path.description == expected)
    }

    @Test("absent or null options have their defaults", arguments: ["{}", "null", #"{"client_timeout":null}"#])
    func defaultOptions(text: String) throws { #expect(try options(text) == .standard) }

    @Test("a timeout of 0 means no limit", arguments: ["0", "\"0\"", "0.0"])
    func noLimit(text: String) throws {
        let found = try options(#"{"client_timeout":\#(text),"server_timeout":\#(text),"connect_timeout":\#(text)}"#)
        #expect(found.clientTimeout == 0 && found.serverTimeout == 0 && found.connectTimeout == 0)
    }

    @Test("options are independent of each other")
    func eachOption() throws {
        let found = try options(
            #"{"client_timeout":1,"server_timeout":"2147483647","connect_timeout":3,"connect_retries":"0"}"#
        )
        #expect(found.clientTimeout == 1 && found.serverTimeout == 2_147_483_647)
        #expect(found.connectTimeout == 3 && found.connectRetries == 0)
        #expect(try options(#"{"connect_retries":1000}"#).connectRetries == 1000)
        #expect(try options(#"{"connect_timeout":5}"#).clientTimeout == 30_000)
    }
}
