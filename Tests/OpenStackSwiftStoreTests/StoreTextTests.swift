// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArchivingTestSupport
import SteelyardCore
import TestServers
import Testing

@testable import HTTPStores
@testable import OpenStackSwiftStore

@Suite("Error texts")
struct StoreTextTests {
    @Test(
        "a store's text is reduced to one line of visible ASCII",
        arguments: [
            (
                "<html><h1>Unauthorized</h1><p>This server\r\n could not</p></html>",
                "Unauthorized This server could not"
            ),
            ("bell\u{7} esc\u{1B}[31m größe \u{202E}tam", "bell esc[31m gre tam"),
            ("", ""), ("<p>", ""), ("a < b and no end", "a < b and no end"), ("a <b and no end", "a <b and no end"),
            ("1 < 2 <i>&lt;3 &amp;amp;</i> > 0", "1 < 2 <3 &amp; > 0"),
            ("<style>p { x: y }</style><SCRIPT>if (1 < 2) {}</SCRIPT><!-- no -->yes", "yes"),
            (String(repeating: "word ", count: 40), String(repeating: "word ", count: 15) + "wo..."),
        ]
    )
    func oneLine(_ text: String, _ line: String) {
        #expect(StoreText.line(StoreText.withoutTags(text), hiding: "secret") == line)
    }

    @Test("a text that is not HTML is unchanged")
    func plainText() {
        #expect(StoreText.line("quota <limit> is 5 > 4", hiding: "secret") == "quota <limit> is 5 > 4")
    }

    @Test("any page becomes at most one line of visible ASCII, in a short time", .ownThread)
    func anyPage() {
        var random = SeededGenerator(seed: 3)
        let parts = [
            "<", ">", "</", "<a", "<style>", "</script", "&lt;", "&amp;", " ", "\n", "secret", "\u{0}", "é", "text",
        ]
        for _ in 0..<500 {
            let count = Int.random(in: 0...60, using: &random)
            let page = (0..<count).map { _ in parts[Int.random(in: 0..<parts.count, using: &random)] }.joined()
            let line = StoreText.line(StoreText.withoutTags(page), hiding: "secret")
            #expect(line.utf8.count <= 80 && line.utf8.allSatisfy { 0x20...0x7E ~= $0 } && !line.contains("secret"))
        }
        // These would take minutes if each `<` caused the rest of the page to be read.
        for part in ["<a", "<", "<style>", "<a>", "</style"] {
            _ = StoreText.withoutTags(String(repeating: part, count: 200_000))
            _ = StoreText.withoutTags(String(repeating: part, count: 200_000) + ">")
        }
    }

    @Test("a secret is hidden, even with tags in it or if the response ends in the middle of it")
    func secret() {
        let secret = String(repeating: "s3cret", count: 20)
        #expect(StoreText.line("a \(secret) b", hiding: secret) == "a *** b")
        #expect(StoreText.line(StoreText.withoutTags("s3<b>cret"), hiding: "s3 cret") == "***")
        var answer = StoreAnswer(status: 401, headers: ["Content-Type: text/html"])
        let padding = "<" + String(repeating: "x", count: (16 << 10) - 40) + "> token "
        Array((padding + secret).utf8).withUnsafeBytes { answer.takeContent($0) }
        #expect(answer.errorText(hiding: secret) == "token")
    }

    @Test("a token that is also a host, a container or a name is hidden, in any case")
    func secretInAddress() throws {
        let token = "S3cret-Token"
        let address = ObjectAddress(
            path: ObjectPath(
                basePath: try ObjectBasePath("\(token)/x\(token)"),
                loadBalancer: try Identifier(token),
                time: .now
            ),
            endpoint: try StorageEndpoint("https://\(token).example:8080/v1/\(token)"),
            token: try StorageToken(token)
        )
        let failures = StoreFailures(address: address)
        let error = ObjectStoreError(.unavailable, "why\(StoreFailures.removed)", status: 412)
        let answer = StoreAnswer(status: 412, headers: ["Content-Type: text/plain"], content: "no \(token)")
        let local = try #require(IPAddress("127.0.0.1"))
        let errors = [
            failures.error(for: answer), failures.error(for: .stalled(.seconds(1))), failures.exists(),
            failures.unknownOwner(error), failures.localAddress(local), failures.contentChanged(),
            failures.outOfTime(.seconds(1), last: nil), failures.mismatch(answer), failures.takenTooEarly(answer),
            failures.unconfirmed(answer), failures.incomparable(answer, isKept: true), failures.leftBehind(error),
            failures.segmentsLeftBehind(error), failures.unclear(error), failures.manifestStoredAsObject(answer),
            failures.manifestRefused(answer), failures.segmentsMissing(), failures.segmentsUnknown(),
            failures.segmentsInUse(), failures.cannotAsk(answer),
        ]
        for error in errors {
            #expect(!error.message.lowercased().contains(token.lowercased()), "\(error.message)")
            #expect(error.message.contains("***"))
        }
        #expect(StoreText.masked("ünicode S3CRET-token, s3cret", hiding: token) == "ünicode ***, s3cret")
        #expect(StoreText.masked("text", hiding: "") == "text")
    }

    @Test(
        "only the store's error text is quoted",
        arguments: [
            (401, "text/plain", "why"), (500, "text/html;charset=utf-8", "why"), (401, "application/json", ""),
            (401, "text/css", ""), (200, "text/plain", ""), (302, "text/html", "why"), (401, "", ""),
        ]
    )
    func quoted(_ status: Int, _ mediaType: String, _ text: String) {
        let answer = StoreAnswer(status: status, headers: ["Content-Type: \(mediaType)"], content: "why")
        #expect(answer.errorText(hiding: "s") == text)
    }

    @Test("a status line resets a response")
    func header() {
        var answer = StoreAnswer(contentLimit: 100)
        for line in [
            "HTTP/1.1 100 Continue\r\n", "ETag: old\r\n", "HTTP/1.1 201 Created\r\n", "Etag:  \"0aBc\" \r\n", "\r\n",
        ] {
            answer.takeHeader(line)
        }
        #expect(answer.status == 201)
        #expect(answer.etag == EntityTag("0abc"))
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
        #expect(address.url(of: .objects) == "https://[::1]:8080/v1/AUTH%5Fa/a%20b%3F%23%25")
        #expect(address.url(of: .segments) == "https://[::1]:8080/v1/AUTH%5Fa/a%20b%3F%23%25_segments")
        #expect(address.objectURL.hasSuffix("%25/%C3%BC/x%2By/lb/haproxy-19700101-000000.log.gz"))
    }

    @Test(
        "the cause of every failure is within the first 128 characters",
        arguments: [301, 401, 403, 411, 413, 417, 422, 429, 503, 418]
    )
    func causeFirst(_ status: Int) throws {
        let host = String(repeating: "h", count: 40) + ".example"
        let address = ObjectAddress(
            path: ObjectPath(basePath: try ObjectBasePath("c"), loadBalancer: try Identifier("l"), time: .now),
            endpoint: try StorageEndpoint("https://\(host)/v1/a"),
            token: try StorageToken("t0ken")
        )
        let answer = StoreAnswer(status: status, headers: ["Content-Type: text/plain"], content: "why")
        let error = StoreFailures(address: address).error(for: answer, attempts: 2)
        #expect(error.message.prefix(128).contains("(HTTP \(status) from \(host)"))
        #expect(error.message.contains("why"))
    }
}
