// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import TestServers
import Testing

@testable import HAProxyDriver

/// HAProxy's own responses with the pages of a message.
@Suite(Requirement.haproxy.trait)
struct ErrorPageTests {
    /// A page of the greatest size, with all characters that have a meaning in haproxy.cfg.
    private static func page(_ status: Int, _ size: Int = 15_000) -> String {
        let start = "<!doctype html><p class=\"x\" id='\(status)'>ä€ %[src] %% $HOME # \\ \u{1}\r\n\t"
        return start + String(repeating: "x", count: size - start.utf8.count)
    }

    private static func json(_ pages: [Int: String]) -> String {
        let members = pages.map { JSONFragment.Member("\($0.key)", .string($0.value)) }
        return #""error_pages": \#(String(decoding: JSONFragment.object(members).json, as: UTF8.self))"#
    }

    private static let reject = """
        "l7policies": [{"action": "REJECT",
         "rules": [{"type": "PATH", "compare_type": "EQUAL_TO", "value": "/no"}]}]
        """

    private func expect(_ answer: RawAnswer, _ status: Int, _ page: String?) {
        #expect(answer.status == status)
        #expect(page == nil || answer.body == page, "\(status): \(answer.body.utf8.count) bytes")
        if page != nil { #expect(answer.values("content-type") == ["text/html; charset=utf-8"]) }
    }

    /// A node that closes without a response, and one that never responds.
    private static let badNode = LoopbackScript { connection, _ in
        guard let head = connection.readHead() else { return }
        if head.contains("GET /close ") { connection.close() } else { connection.stall() }
    }

    @Test
    func eachStatusHasItsPage() async throws {
        let pages = Dictionary(uniqueKeysWithValues: [400, 403, 408, 429, 502, 503, 504].map { ($0, Self.page($0)) })
        try await Self.badNode.serve { node in
            try await withDevice { device in
                func get(_ path: String, host: String = "test") async throws -> RawAnswer {
                    try await RawAnswer.to("GET \(path) HTTP/1.1\nHost: \(host)", device.httpPort)
                }
                let options = #""options": {"http_request_timeout": 300, "server_timeout": 300, "connect_retries": 0}"#
                try await device.driver.apply(
                    device.decode(
                        """
                        \(DeviceUnderTest.nodes(node.port)), \(Self.json(pages)), \(Self.reject), \(options)
                        """
                    )
                )
                expect(try await get("/no"), 403, pages[403])
                expect(try await get("/close"), 502, pages[502])
                expect(try await get("/silence"), 504, pages[504])
                // HAProxy's parser of HTTP/1.1 has pages of its own.
                expect(try await get("/ x y"), 400, nil)
                let slow = Array("GET / HTTP/1.1\r\nHost: te".utf8)
                expect(try await RawAnswer.to(bytes: slow, device.httpPort), 408, nil)
                try await device.driver.apply(
                    device.decode(#""nodes": [], \#(Self.json(pages)), "redirect_to_https": true"#)
                )
                expect(try await get("/", host: ""), 400, pages[400])
                let limit = #""rate_limit": {"requests_per_second": 1}"#
                try await device.driver.apply(device.decode(#""nodes": [], \#(Self.json(pages)), \#(limit)"#))
                expect(try await get("/"), 503, pages[503])
                try await eventually("a second request within a second is rejected") {
                    let answer = try await get("/")
                    if answer.status == 429 { expect(answer, 429, pages[429]) }
                    return answer.status == 429
                }
            }
        }
    }

    @Test
    func aNodesOwnPageStays() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            try await device.driver.apply(
                device.decode("\(DeviceUnderTest.nodes(node.port)), \(Self.json([503: Self.page(503)]))")
            )
            let answer = try await RawAnswer.to("GET /status/503 HTTP/1.1\nHost: test", device.httpPort)
            #expect(answer.status == 503 && answer.body == "node")
        }
    }

    @Test(Requirement.openssl.trait)
    func clientsOfHTTP2GetThemToo() async throws {
        try await withTLSDevice { device, fixture in
            let page = Self.page(503)
            let loadBalancer = try await LoadBalancer(
                protocol: .terminatedHTTPS,
                address: IPAddress("127.0.0.1"),
                port: Port(device.httpPort),
                defaultPool: Pool(nodes: []),
                routing: Routing(errorPages: [ErrorPage(status: 503, html: page)]),
                tls: ListenerTLS(certificate: fixture.container("standard"))
            )
            try await device.driver.apply(LoadBalancerSet([loadBalancer]))
            for version in ["--http1.1", "--http2"] {
                let text = try await fixture.curl(device, host: "standard.example.com", path: "/", [version])
                #expect(text.utf8.elementsEqual(page.utf8))
            }
        }
    }

    /// Pages come, change, and are removed with their files; an equal message changes nothing.
    @Test
    func filesFollowTheMessage() async throws {
        try await withDevice { device in
            func files() throws -> [String] {
                try FileManager.default.contentsOfDirectory(atPath: device.folder.path).filter { $0.contains(".html") }
                    .sorted()
            }
            func apply(_ pages: [Int: String], _ others: String = "") async throws {
                try await device.driver.apply(device.decode(#""nodes": [], \#(Self.json(pages))\#(others)"#))
            }
            func body() async throws -> String {
                try await RawAnswer.to("GET / HTTP/1.1\nHost: test", device.httpPort).body
            }
            let first = [503: "first", 403: "no"]
            _ = try await device.driver.preview(.apply(device.decode(#""nodes": [], \#(Self.json(first))"#)))
            #expect(try files().isEmpty)
            try await apply(first)
            let names = try files()
            #expect(names.count == 2 && names.allSatisfy { $0.hasPrefix("http-in.") })
            #expect(try await body() == "first")
            try await apply(first)
            #expect(try await device.processes()?.reloads == 0)
            try await apply([503: "second", 403: "no"])
            #expect(try await body() == "second")
            #expect(try files().count == 2 && files() != names)
            #expect(try await device.processes()?.reloads == 1)
            // A state file that cannot be read.
            let before = try files()
            let owners = device.file("log-owners.json")
            try FileManager.default.createDirectory(atPath: owners, withIntermediateDirectories: false)
            await #expect(throws: DriverError.self) { try await apply([503: "third"]) }
            try FileManager.default.removeItem(atPath: owners)
            let restored = try files()
            #expect(restored == before)
            #expect(try await body() == "second")
            // HAProxy refuses the configuration.
            let bad = #"{"type": "PATH", "compare_type": "REGEX", "value": "("}"#
            await #expect(throws: DriverError.self) {
                try await apply([503: "fourth"], #", "l7policies": [{"action": "REJECT", "rules": [\#(bad)]}]"#)
            }
            let kept = try files()
            #expect(kept == before)
            #expect(try await body() == "second")
            try await apply([403: "no"])
            #expect(try files().count == 1)
            #expect(try await body().contains("503 Service Unavailable"))
            try await apply([:])
            #expect(try files().isEmpty)
            try await apply(first)
            try await device.driver.delete()
            #expect(try files().isEmpty)
        }
    }

    /// A page that another program changed or removed is restored.
    @Test(arguments: [nil, "other"])
    func aFileThatWasChangedIsRestored(content: String?) async throws {
        try await withDevice { device in
            let set = try device.decode(#""nodes": [], \#(Self.json([503: "ours"]))"#)
            try await device.driver.apply(set)
            let names = try FileManager.default.contentsOfDirectory(atPath: device.folder.path)
            let path = device.file(try #require(names.first { $0.hasSuffix(".html") }))
            try FileManager.default.removeItem(atPath: path)
            try content.map { try $0.write(toFile: path, atomically: true, encoding: .utf8) }
            await device.driver.lookForDrift()
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "ours")
            try FileManager.default.removeItem(atPath: path)
            try content.map { try $0.write(toFile: path, atomically: true, encoding: .utf8) }
            try await device.driver.apply(set)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "ours")
            #expect(try await RawAnswer.to("GET / HTTP/1.1\nHost: test", device.httpPort).body == "ours")
        }
    }
}
