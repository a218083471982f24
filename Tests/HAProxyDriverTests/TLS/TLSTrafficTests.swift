// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import SteelyardTestSupport
import TestServers
import Testing

@testable import HAProxyDriver

/// Requests over TLS, and the redirect to it.
@Suite(Requirement.haproxy.trait, Requirement.openssl.trait)
struct TLSTrafficTests {
    private static let host = "standard.example.com"

    @Test
    func hstsIsOnEveryResponse() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withTLSDevice { device, fixture in
            let container = try await fixture.container("standard")
            let headers: [(StrictTransportSecurity?, String?)] = [
                (nil, nil),
                (try StrictTransportSecurity(maxAge: 31_536_000), "max-age=31536000"),
                (try StrictTransportSecurity(maxAge: 0, includesSubdomains: true), "max-age=0; includeSubDomains"),
                (
                    try StrictTransportSecurity(maxAge: 9, includesSubdomains: true, isPreloaded: true),
                    "max-age=9; includeSubDomains; preload"
                ),
            ]
            for (header, expected) in headers {
                let tls = try ListenerTLS(certificate: container, strictTransportSecurity: header)
                // HAProxy itself responds for a listener without a node.
                for (nodes, status) in [([try Node.local("1", node.port)], 200), ([], 503)] {
                    try await device.driver.apply(LoadBalancerSet([device.https(nodes, tls)]))
                    for version in ["--http1.1", "--http2"] {
                        let answer = try await fixture.curl(device, host: Self.host, path: "/", "-i", version)
                        let lines = answer.split(whereSeparator: \.isNewline).map(String.init)
                        let isHTTP2 = version == "--http2"
                        #expect(lines.first?.hasPrefix("HTTP/\(isHTTP2 ? "2" : "1.1") \(status)") == true, "\(answer)")
                        let values = lines.filter { $0.lowercased().hasPrefix("strict-transport-security: ") }
                            .map { String($0.dropFirst("strict-transport-security: ".count)) }
                        #expect(values == [expected].compactMap(\.self), "\(version) \(status)")
                    }
                }
            }
        }
    }

    /// HTTP/1.1 is metered as it is on the wire; of HTTP/2, HAProxy leaves out some bytes of the header.
    @Test
    func downloadsAreMetered() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withTLSDevice { device, fixture in
            let tls = try ListenerTLS(certificate: await fixture.container("standard"))
            try await device.driver.apply(LoadBalancerSet([device.https([.local("1", node.port)], tls)]))
            var (bodies, most, hasUsedHTTP2) = (UInt64(0), UInt64(0), false)
            let downloads = [("1.1", 1_000_000), ("1.1", 100), ("2", 10_000_000), ("2", 100), ("1.1", 1_000_000)]
            for (version, count) in downloads {
                let sizes = try await fixture.curl(
                    device,
                    host: Self.host,
                    path: "/bytes/\(count)",
                    "--http\(version)",
                    "-o/dev/null",
                    "-w%{size_header} %{size_download} %{http_version}"
                ).split(separator: " ")
                #expect(sizes.last == version[...])
                let received = try #require(UInt64(sizes[0])) + UInt64(count)
                #expect(sizes[1] == "\(count)")
                bodies += UInt64(count)
                most += received
                // Once HTTP/2 was used, headers of HTTP/1.1 are left out, too.
                hasUsedHTTP2 = hasUsedHTTP2 || version == "2"
                let least = hasUsedHTTP2 ? bodies : most
                try await eventually("the download is metered") {
                    let metered = try await device.driver.usage().entries.first?.bytesOut ?? 0
                    guard metered <= most else { throw ServerFailure("\(metered) of \(most) bytes") }
                    return metered >= least
                }
            }
        }
    }

    @Test
    func theLogOfTLSIsThatOfHTTP() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withTLSDevice { device, fixture in
            let tls = try ListenerTLS(certificate: await fixture.container("standard"))
            let nodes = [try Node.local("1", node.port)]
            try await device.driver.apply(LoadBalancerSet([device.https(nodes, tls), device.tcp(nodes)]))
            _ = try await fixture.curl(device, host: Self.host, path: "/over-tls", "--http2")
            _ = try await HTTPClient(port: device.tcpPort).get("/over-tcp")
            // The line of a handshake that fails belongs to the listener, too.
            _ = try await OpenSSLClient(port: device.httpPort, ca: fixture.authority.ca)
                .connect(to: nil, ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"])
            func text(_ kind: ProxyKind) async throws -> String {
                let lines = try await device.driver.openLog().lines(of: [LogPart(kind)])
                return String(decoding: lines[0].bytes, as: UTF8.self)
            }
            try await eventually("all is logged") {
                let http = try await text(.http)
                return http.contains("/over-tls HTTP/2.0") && http.contains("SSL handshake failure")
            }
            let http = try await text(.http)
            #expect(http.contains(" http-in~ http-servers/id-1 "))
            #expect(!http.contains("tcp-in"))
            let tcp = try await text(.tcp)
            #expect(!tcp.contains("http-in"))
        }
    }

    /// A request as it is sent, and the status and the Location of the response.
    private typealias Redirect = (head: String, status: Int, location: String?)

    @Test
    func plainHTTPIsRedirected() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            let loadBalancer = try LoadBalancer(
                protocol: .http,
                address: IPAddress("127.0.0.1"),
                port: Port(device.httpPort),
                nodes: [.local("1", node.port)],
                redirectsToHTTPS: true
            )
            try await device.driver.apply(LoadBalancerSet([loadBalancer]))
            let requests: [Redirect] = [
                ("GET / HTTP/1.1\r\nHost: a.example.com", 308, "https://a.example.com/"),
                ("GET /p/q?x=1&y=%20 HTTP/1.1\r\nHost: a.example.com:8080", 308, "https://a.example.com/p/q?x=1&y=%20"),
                ("POST /form HTTP/1.1\r\nContent-Length: 0\r\nHost: A.example.com", 308, "https://A.example.com/form"),
                ("GET /six HTTP/1.1\r\nHost: [2001:db8::1]:8080", 308, "https://[2001:db8::1]/six"),
                ("GET /six HTTP/1.1\r\nHost: [2001:db8::1]", 308, "https://[2001:db8::1]/six"),
                ("GET /four HTTP/1.1\r\nHost: 192.0.2.7:80", 308, "https://192.0.2.7/four"),
                (
                    "GET http://b.example.com:81/abs?q HTTP/1.1\r\nHost: b.example.com:81", 308,
                    "https://b.example.com/abs?q"
                ),
                ("GET / HTTP/1.1", 400, nil), ("GET / HTTP/1.0", 400, nil), ("GET / HTTP/1.1\r\nHost:", 400, nil),
                ("GET / HTTP/1.1\r\nHost: :80", 400, nil),
                ("OPTIONS * HTTP/1.1\r\nHost: a.example.com", 308, nil),
                (
                    "GET //evil.example.com/ HTTP/1.1\r\nHost: a.example.com", 308,
                    "https://a.example.com//evil.example.com/"
                ),
            ]
            for request in requests {
                let answer = try await Self.answer(to: request.head + "\r\n\r\n", device.httpPort)
                let status = answer.split(separator: " ").dropFirst().first.flatMap { Int($0) }
                let location = answer.split(separator: "\r\n").first { $0.lowercased().hasPrefix("location: ") }
                    .map { String($0.dropFirst("location: ".count)) }
                #expect(status == request.status, "\(request.head)")
                if request.location != nil || status != 308 { #expect(location == request.location, "\(request.head)") }
                #expect(!answer.contains("node"), "\(request.head)")
            }
            #expect(node.requestCount == 0)
        }
    }

    @Test
    func tlsIsPassedThrough() async throws {
        try await withTLSDevice { device, fixture in
            let identity = try await fixture.authority.issue("node", for: ["node.example.com"])
            try await withOpenSSLServer(in: fixture.folder, identity: identity, options: []) { port in
                try await device.driver.apply(
                    LoadBalancerSet([device.tcp([.local("1", port)], port: device.httpPort, as: .https)])
                )
                // The command to s_server that makes it close.
                let result = try await fixture.client(device).connect(to: "node.example.com", sending: "CLOSE\n")
                #expect(result.isVerified)
                #expect(result.certificate == (try TLSFixture.read("node", identity).shown))
                #expect(device.keyFiles().isEmpty)
            }
        }
    }

    /// Sends a request and reads until the end, or the end of the header of the response.
    private static func answer(to request: String, _ port: Int) async throws -> String {
        try await blocking {
            let socket = try LoopbackSocket.connected(to: port)
            guard socket.write(Array(request.utf8)) else { throw ServerFailure("not sent") }
            var answer: [UInt8] = []
            while let more = socket.read(), !more.isEmpty {
                answer += more
                if answer.firstRange(of: Array("\r\n\r\n".utf8)) != nil { break }
            }
            socket.shutDown()
            return String(decoding: answer, as: UTF8.self)
        }
    }
}
