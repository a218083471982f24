// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Testing

@Suite("Endpoints")
struct StorageEndpointTests {
    @Test(
        "accepted URLs and their normal form",
        arguments: [
            ("https://example.com/v1/100", "https://example.com/v1/100"), ("HTTP://Example.COM", "http://example.com"),
            ("http://10.0.0.1:8080/", "http://10.0.0.1:8080"),
            ("https://[2001:DB8::0:1]:443/v1", "https://[2001:db8::1]:443/v1"),
            ("http://[::1]", "http://[::1]"), ("https://h/a//b/", "https://h/a/b"),
            ("https://h/AUTH_x%20y", "https://h/AUTH_x%20y"),
            ("https://h:65535/...", "https://h:65535/..."), ("http://h:080", "http://h:80"),
            ("https://a_b.c-d/~x:y@z", "https://a_b.c-d/~x:y@z"),
        ]
    )
    func accepted(text: String, expected: String) throws {
        let endpoint = try StorageEndpoint(text)
        #expect(endpoint.description == expected)
        #expect(try StorageEndpoint(expected) == endpoint, "its text is read back")
    }

    @Test(
        "rejected URLs",
        arguments: [
            "", "/", "https", "https:", "https:/h", "//h", "ftp://h", "javascript://h", "file:///x", " https://h",
            "https://", "https:///x",
            "https://:80", "https://h:", "https://h:0", "https://h:65536", "https://h:-1", "https://h:8x",
            "https://h:99999999999999999999",
            "https://u@h", "https://u:p@h", "https://h@evil/", "https://h?x", "https://h/?x=1", "https://h/#x",
            "https://h#x",
            "https://h/..", "https://h/../x", "https://h/./x", "https://h/%2e%2e/x", "https://h/.%2E", "https://h/%2E",
            "https://h\\x",
            "https://h/\"", "https://h/<x>", "https://h/x y", "https://h/\n", "https://h\r\nX: 1", "https://h/\u{0}",
            "https://h/é",
            "https://[::1", "https://::1", "https://[10.0.0.1]", "https://[h]", "https://[fe80::1%25eth0]",
            "https://-h", "https://h..x",
            "https://10.0.0.256", "https://h/" + String(repeating: "x", count: 2048),
        ]
    )
    func refused(text: String) { #expect(throws: InvalidValue.self) { try StorageEndpoint(text) } }

    @Test("the error does not contain the user name and password")
    func credentials() {
        let error = #expect(throws: InvalidValue.self) { try StorageEndpoint("https://me:hunter2@example.com/") }
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test(
        "hosts that a list allows",
        arguments: [
            ("https://example.com/v1", ["example.com"], true), ("https://EXAMPLE.com/v1", ["Example.Com"], true),
            ("https://example.com:8443/v1", ["example.com"], true),
            ("https://example.com/v1", ["example.com:443"], true),
            ("http://example.com/v1", ["example.com:443"], false), ("http://example.com/v1", ["example.com:80"], true),
            ("https://example.com:8443/v1", ["example.com:443"], false), ("https://evil.com/", ["example.com"], false),
            ("https://example.com.evil.com/", ["example.com"], false),
            ("https://notexample.com/", ["example.com"], false),
            ("https://[::1]:8080/", ["[::1]"], true), ("https://[0:0::1]:8080/", ["[::1]:8080"], true),
            ("https://h/", [], false),
            ("https://b/", ["a", "b"], true),
        ]
    )
    func allowList(text: String, list: [String], isAllowed: Bool) throws {
        #expect(try StorageEndpoint(text).isAllowed(by: list.map { try AllowedEndpoint($0) }) == isAllowed)
    }
}
