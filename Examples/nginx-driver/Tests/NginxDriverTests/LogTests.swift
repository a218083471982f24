// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import NginxDriver
import SteelyardCore
import SteelyardTestSupport
import Testing

@Suite(.enabled(if: NginxUnderTest.isInstalled, "nginx and libnginx-mod-stream are not installed"))
struct LogTests {
    @Test func theLogHasTheRequestsUntilItWasOpened() async throws {
        let node = try NodeServer("a")
        defer { node.stop() }
        try await NginxUnderTest.run { nginx in
            try await nginx.driver.apply(LoadBalancerSet([nginx.ports.http([node.node("1")])]))
            for number in 1...3 { _ = await HTTP.get("/\(number)", port: nginx.ports.httpPort) }
            let file = URL(filePath: nginx.directory + "/http.log")
            try await eventually("nginx has logged the requests") {
                try Data(contentsOf: file).count { $0 == UInt8(ascii: "\n") } == 3
            }
            try Data().write(to: URL(filePath: nginx.directory + "/http.log.1"))
            let log = try await nginx.driver.openLog()
            _ = await HTTP.get("/later", port: nginx.ports.httpPort)
            try await nginx.driver.delete()
            #expect(try FileManager.default.contentsOfDirectory(atPath: nginx.directory) == ["state"])
            var blocks = [LogBlock(), LogBlock()]
            let reader = try log.makeReader(of: [LogPart(.tcp), LogPart(.http)])
            while try reader.next(into: &blocks) != nil {}
            let lines = String(decoding: blocks[1].bytes, as: UTF8.self).split(separator: "\n")
            #expect(blocks[0].bytes.isEmpty)
            #expect(blocks[1].lineCount == 3)
            #expect(lines.map { $0.contains(" 200 ") } == [true, true, true])
            #expect(lines.last?.contains("GET /3 ") == true)
            #expect(log.leftOut.map(\.file) == [nginx.directory + "/http.log.1"])
        }
    }
}
