// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import TestServers
import Testing

@testable import HAProxyDriver

/// Requests that name the same path or host in another way, against a REJECT policy.
@Suite(Requirement.haproxy.trait)
struct HostileRequestTests {
    /// Other spellings of `/admin`, or of a path below it.
    static let spellings = [
        "/admin", "/%61dmin", "/%61%64%6d%69%6E", "//admin", "///admin", "/x/../admin", "/x/..//admin", "/./admin",
        "/.//./admin", "/admin%2f", "/admin/", "/admin//", "/admin?x", "/admin/%zz", "/%61dmin/%zz", "/admin%",
        "/admin/%4",
        "/%2e/admin", "/x/%2e%2e/admin", "/x%2f..%2fadmin", "/%2e%2e/admin", "/../admin", "/../../admin",
        "/x/y/../../admin",
        "/a/b/c/d/../../../../admin", "/x/y/z/../../../../admin", "/x/.././y/..//admin", "/admin/.", "/admin/x/..",
        "/admin/x/../y", "//x/../admin", "/%2Fadmin", "/x/../../x/../admin", "/admin%00", "/admin;x=1", "/admin%3fx",
        "/...//../admin", "/%0a/../admin", "http://test/admin", "http://test//x/../%61dmin", "http://test:80/admin",
        // An expression that repeats a group would fail for these.
        "/" + String(repeating: "./", count: 3000) + "admin", String(repeating: "/x/..", count: 1500) + "/admin",
        String(repeating: "/", count: 7000) + "admin",
    ]

    /// Paths that are others.
    static let others = [
        "/", "/x/admin", "/admi", "/ADMIN", "/%2561dmin", "/admin/..", "/admin/../x", "/./x", "/x//admin", "/..admin",
        "/.admin", "/x?/admin", "/x/..admin", "/?/../admin", "/.well-known/admin", "/.../admin", "/100%/x",
    ]

    @Test
    func pathsCannotBeDisguised() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            let rule = #"{"type": "PATH", "compare_type": "STARTS_WITH", "value": "/admin"}"#
            try await device.driver.apply(
                device.decode(
                    #"\#(DeviceUnderTest.nodes(node.port)), "l7policies": [{"action": "REJECT", "rules": [\#(rule)]}]"#
                )
            )
            for path in Self.spellings {
                let answer = try await RawAnswer.to("GET \(path) HTTP/1.1\nHost: test", device.httpPort)
                #expect(answer.status == 403, "\(path)")
            }
            #expect(node.requestCount == 0)
            for path in Self.others {
                let answer = try await RawAnswer.to("GET \(path) HTTP/1.1\nHost: test", device.httpPort)
                #expect(answer.body == "node", "\(path)")
            }
            // More than HAProxy resolves here, or bytes that are not allowed in a path.
            for path in [
                "/a/b/c/d/e/f/../../../../../../admin", "/\u{e4}/../admin", "http://other/admin", "/\tadmin",
                "/#/../admin", String(repeating: "/..", count: 2000) + "/admin",
                "/" + String(repeating: "%", count: 7000) + "/../admin",
            ] {
                let answer = try await RawAnswer.to("GET \(path) HTTP/1.1\nHost: test", device.httpPort)
                #expect(answer.status == 400, "\(path)")
            }
            let options = try await RawAnswer.to("OPTIONS * HTTP/1.1\nHost: test", device.httpPort)
            #expect(options.body == "node")
        }
    }

    @Test
    func hostsCannotBeDisguised() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            func policy(_ host: String) -> String {
                let rule = #"{"type": "HOST_NAME", "compare_type": "EQUAL_TO", "value": "\#(host)"}"#
                return #"{"action": "REJECT", "rules": [\#(rule)]}"#
            }
            try await device.driver.apply(
                device.decode(
                    """
                    \(DeviceUnderTest.nodes(node.port)),
                    "l7policies": [\(policy("admin.example.com")), \(policy("[2001:db8::1]"))]
                    """
                )
            )
            let fields = [
                "admin.example.com", "ADMIN.example.COM", "admin.example.com:80", "admin.example.com:99999",
                "admin.example.com:", "admin.example.com.", "admin.example.com.:80", "admin.example.com.:",
                "\tadmin.example.com \t", "[2001:db8::1]", "[2001:DB8::1]:80", "[2001:db8::1]:",
            ]
            let requests =
                fields.map { "GET / HTTP/1.1\nHost: \($0)" } + [
                    "GET / HTTP/1.0\nHost: admin.example.com", "GET / HTTP/1.1\nhOST:admin.example.com",
                    "GET http://admin.example.com/ HTTP/1.1\nHost: admin.example.com",
                    "GET http://ADMIN.example.com/ HTTP/1.1\nHost: admin.example.com",
                    "GET HTTP://u@admin.example.com:80/ HTTP/1.1\nHost: admin.example.com:80",
                    "GET / HTTP/1.1\nHost: admin.example.com\nHost: admin.example.com",
                ]
            for request in requests {
                #expect(try await RawAnswer.to(request, device.httpPort).status == 403, "\(request)")
            }
            // A node could take either.
            for request in [
                "GET / HTTP/1.1\nHost: admin.example.com\nHost: test",
                "GET / HTTP/1.1\nHost: test\nHost: admin.example.com",
                "GET http://admin.example.com/ HTTP/1.1\nHost: test",
                "GET http://test/ HTTP/1.1\nHost: admin.example.com",
                "GET http://admin.example.com/ HTTP/1.0", "GET HTTPS://admin.example.com/ HTTP/1.0\nX: y",
                "GET http://admin.example.com/ HTTP/1.0\nHost: test", "GET http://admin.example.com/ HTTP/1.1",
            ] {
                #expect(try await RawAnswer.to(request, device.httpPort).status == 400, "\(request)")
            }
            #expect(node.requestCount == 0)
            for host in [
                "test", "admin.example.com.org", "xadmin.example.com", "[2001:db8::2]", "admin%2eexample.com", "",
            ] {
                #expect(
                    try await RawAnswer.to("GET / HTTP/1.1\nHost: \(host)", device.httpPort).body == "node",
                    "\(host)"
                )
            }
            #expect(try await RawAnswer.to("GET / HTTP/1.0", device.httpPort).body == "node")
        }
    }

    /// The same over HTTP/2, where the host is `:authority`.
    @Test(Requirement.openssl.trait)
    func neitherCanBeDisguisedInHTTP2() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withTLSDevice { device, fixture in
            func rule(_ kind: L7Rule.Kind, _ value: String) throws -> L7Policy {
                let rule = try L7Rule(kind, .startsWith, key: nil, value: L7Value(value))
                return try L7Policy(position: 1, action: .reject, rules: [rule])
            }
            let loadBalancer = try await LoadBalancer(
                protocol: .terminatedHTTPS,
                address: IPAddress("127.0.0.1"),
                port: Port(device.httpPort),
                defaultPool: Pool(nodes: [.local("1", node.port)]),
                routing: Routing(policies: [rule(.path, "/admin"), rule(.hostName, "admin.example.com")]),
                tls: ListenerTLS(certificate: fixture.container("standard"))
            )
            try await device.driver.apply(LoadBalancerSet([loadBalancer]))
            func status(_ path: String, _ options: String...) async throws -> String {
                let output = ["--http2", "--path-as-is", "-o/dev/null", "-w%{http_version} %{http_code}"]
                return try await fixture.curl(device, host: "standard.example.com", path: path, output + options)
            }
            for path in Self.spellings where path.hasPrefix("/") {
                #expect(try await status(path) == "2 403", "\(path)")
            }
            for path in Self.others { #expect(try await status(path) == "2 200", "\(path)") }
            for host in ["admin.example.com", "ADMIN.example.com:1", "admin.example.com.", "admin.example.com:"] {
                #expect(try await status("/", "-HHost: \(host)") == "2 403", "\(host)")
            }
            #expect(try await status("/", "-HHost: other.example.com") == "2 200")
        }
    }
}
