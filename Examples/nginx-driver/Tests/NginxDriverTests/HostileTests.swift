// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SteelyardCore
import SteelyardTestSupport
import Testing

@testable import NginxDriver

struct HostileTests {
    @Test func aQuotedValueStaysOneWord() throws {
        #expect(try Word(quoting: "a b; } \"c\\").text == #""a b; } \"c\\""#)
    }

    @Test(arguments: ["a\nb", "a\0b", "a\u{7F}", "$host", "a\r"])
    func aValueThatCannotBeQuotedIsRejected(_ value: String) {
        let error = #expect(throws: DriverError.self) { try Word(quoting: value) }
        #expect(error?.code == .rejected)
        #expect(error?.message.contains(value) == false)
    }

    @Test(.enabled(if: NginxUnderTest.isInstalled, "nginx and libnginx-mod-stream are not installed"))
    func nginxReadsAPathOfSpecialCharacters() async throws {
        let node = try NodeServer("a")
        defer { node.stop() }
        try await NginxUnderTest.run(in: "; } \"'\\{#ä") { nginx in
            try await nginx.driver.apply(LoadBalancerSet([nginx.ports.http([node.node("1")])]))
            #expect(await HTTP.get(port: nginx.ports.httpPort).body == "a")
            #expect(FileManager.default.fileExists(atPath: nginx.directory + "/http.log"))
        }
    }
}
