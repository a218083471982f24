// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Testing

@testable import SteelyardWorker

@Suite struct GearmanServerTests {
    @Test(
        arguments: [
            ("127.0.0.1:4731", "127.0.0.1", 4731, "127.0.0.1:4731"), ("host", "host", 4730, "host:4730"),
            ("[::1]:4731", "::1", 4731, "[::1]:4731"), ("[::1]", "::1", 4730, "[::1]:4730"),
            ("a.example.com:65535", "a.example.com", 65535, "a.example.com:65535"),
        ]
    )
    func reads(_ text: String, _ host: String, _ port: Int, _ shown: String) throws {
        let server = try HostPort(text)
        #expect(server.host == host)
        #expect(server.port == port)
        #expect(server.description == shown)
    }

    @Test(
        arguments: [
            "", ":", ":4730", "host:", "host:0", "host:65536", "host:x", "host:-1", "ho st", "host\n", "::1", "[::1",
            "[::1]x", "host:4730:1", "-host", "[host:1", "http://host",
        ]
    )
    func refuses(_ text: String) {
        #expect(throws: InvalidValue.self) { try HostPort(text) }
    }
}
