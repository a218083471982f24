// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SteelyardCore

@Suite("The list of allowed endpoints")
struct AllowedEndpointTests {
    @Test(
        "which endpoints an entry allows",
        arguments: [
            ("store.example", "http://STORE.example/v1", true), ("store.example", "https://store.example:8443", true),
            ("store.example.", "https://store.example", true), ("store.example", "https://store.example.", true),
            ("store.example:443", "https://store.example", true), ("store.example:443", "http://store.example", false),
            ("store.example:80", "http://store.example", true), ("store.example", "https://a.store.example", false),
            ("https://store.example", "https://store.example:8443", true),
            ("https://store.example", "http://store.example", false),
            ("HTTPS://Store.Example:8443", "https://store.example:8443", true),
            ("https://store.example:8443", "https://store.example", false),
            ("https://store.example:8443", "http://store.example:8443", false),
            ("[0:0:0:0:0:0:0:1]", "https://[::1]", true), ("[::1]", "http://[0:0:0:0:0:0:0:1]:8080", true),
            ("::1", "https://[::1]", true), ("[2001:DB8::0:1]:8080", "https://[2001:db8::1]:8080", true),
            ("https://[::1]:8080", "https://[::1]:8081", false),
            ("[::ffff:192.0.2.1]", "https://192.0.2.1", true), ("192.0.2.1", "https://192.0.2.10", false),
            ("192.0.2.1:9000", "https://192.0.2.1:9000", true),
        ]
    )
    func allows(_ entry: String, _ endpoint: String, _ isAllowed: Bool) throws {
        let entry = try AllowedEndpoint(entry)
        #expect(try StorageEndpoint(endpoint).isAllowed(by: [entry]) == isAllowed)
        #expect(try StorageEndpoint(endpoint).isAllowed(by: [AllowedEndpoint("other.example"), entry]) == isAllowed)
    }

    @Test("an empty list allows nothing")
    func empty() throws { #expect(try !StorageEndpoint("https://h").isAllowed(by: [AllowedEndpoint]())) }

    @Test(
        "rejected entries are named in the error",
        arguments: [
            "", "https://", "http://store.example", "ftp://store.example", "store.example/", "https://store.example/v1",
            "store.example:", "store.example:0", "store.example:65536", "store.example:x", "[::1", "::1]", "[::1]x",
            "[192.0.2.1]", "192.0.2.256", "a..b", "-a", "*.example", "a b", "[fe80::1%eth0]",
        ]
    )
    func refused(_ entry: String) {
        let error = #expect(throws: InvalidValue.self) { try AllowedEndpoint(entry) }
        #expect(error?.problem.hasPrefix("contains \(Excerpt.quote(entry))") == true, "\(error?.problem ?? "")")
    }

    @Test("an entry with a password is not quoted")
    func credentials() {
        let error = #expect(throws: InvalidValue.self) { try AllowedEndpoint("https://me:hunter2@store.example") }
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test(
        "addresses that cannot belong to a remote store",
        arguments: [
            ("127.0.0.1", "loopback"), ("127.255.0.9", "loopback"), ("::1", "loopback"),
            ("::ffff:127.0.0.1", "loopback"), ("0.0.0.0", "unspecified"), ("0.1.2.3", "unspecified"),
            ("::", "unspecified"), ("::ffff:0.0.0.0", "unspecified"), ("169.254.169.254", "link-local"),
            ("fe80::1", "link-local"), ("febf::1", "link-local"), ("::ffff:169.254.0.1", "link-local"),
            ("224.0.0.1", "multicast"), ("239.1.1.1", "multicast"), ("ff02::1", "multicast"),
            ("255.255.255.255", "broadcast"), ("::127.0.0.1", "IPv4-compatible"),
        ]
    )
    func local(_ text: String, _ kind: String) throws {
        #expect(try #require(IPAddress(text)).localKind == kind)
    }

    @Test(
        "other addresses",
        arguments: [
            "10.0.0.1", "192.168.1.1", "126.0.0.1", "128.0.0.1", "169.253.0.1", "2001:db8::1", "fec0::1", "fd00::1",
        ]
    )
    func remote(_ text: String) throws { #expect(try #require(IPAddress(text)).localKind == nil) }
}
