// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Testing

@testable import OpenStackSwiftStore

@Suite("Words")
struct StoreWordsTests {
    @Test(
        "what a store says is cut to one line of visible ASCII",
        arguments: [
            (
                "<html><h1>Unauthorized</h1><p>This server\r\n could not</p></html>",
                "Unauthorized This server could not"
            ),
            ("bell\u{7} esc\u{1B}[31m größe \u{202E}tam", "bell esc[31m gre tam"),
            ("", ""), ("<p>", ""), ("a < b and no end", "a"),
            (String(repeating: "word ", count: 40), String(repeating: "word ", count: 15) + "wo..."),
        ]
    )
    func oneLine(_ text: String, _ line: String) {
        #expect(OneLine.make(text, hiding: "secret") == line)
    }

    @Test("a secret is hidden, also behind tags and where an answer was cut off in its midst")
    func secret() {
        let secret = String(repeating: "s3cret", count: 20)
        #expect(OneLine.make("a \(secret) b", hiding: secret) == "a *** b")
        #expect(OneLine.make("s3<b>cret", hiding: "s3 cret") == "***")
        var answer = StoreAnswer(status: 401)
        let padding = "<" + String(repeating: "x", count: (16 << 10) - 40) + "> token "
        Array((padding + secret).utf8).withUnsafeBytes { answer.takeContent($0) }
        #expect(answer.text(hiding: secret) == "token")
    }

    @Test("a status line begins an answer anew")
    func header() {
        var answer = StoreAnswer()
        for line in [
            "HTTP/1.1 100 Continue\r\n", "ETag: old\r\n", "HTTP/1.1 201 Created\r\n", "Etag:  \"0aBc\" \r\n", "\r\n",
        ] {
            answer.takeHeader(line)
        }
        #expect(answer.status == 201)
        #expect(answer.etag == "0abc")
    }

    @Test("every URL of an object is percent-encoded to its last byte")
    func address() throws {
        let address = ObjectAddress(
            path: ObjectPath(
                basePath: try ObjectBasePath("a b?#%/ü/x+y"),
                loadBalancer: try Identifier("lb"),
                time: UTCTimestamp(microseconds: 0)
            ),
            endpoint: try StorageEndpoint("https://[::1]:8080/v1/AUTH%5Fa/"),
            token: try StorageToken("t")
        )
        #expect(address.containerURL == "https://[::1]:8080/v1/AUTH%5Fa/a%20b%3F%23%25")
        #expect(address.objectURL.hasSuffix("%25/%C3%BC/x%2By/lb/haproxy-19700101-000000.log.gz"))
    }

    @Test(
        "the cause of every failure stands within the first 128 characters",
        arguments: [301, 401, 403, 413, 422, 429, 503, 418]
    )
    func causeFirst(_ status: Int) throws {
        let host = String(repeating: "h", count: 40) + ".example"
        let address = ObjectAddress(
            path: ObjectPath(basePath: try ObjectBasePath("c"), loadBalancer: try Identifier("l"), time: .now),
            endpoint: try StorageEndpoint("https://\(host)/v1/a"),
            token: try StorageToken("t0ken")
        )
        let error = StoreFailures(address: address).error(for: StoreAnswer(status: status, content: "why"), attempts: 2)
        #expect(error.message.prefix(128).contains("(HTTP \(status) from \(host)"))
        #expect(error.message.contains("why"))
    }
}
