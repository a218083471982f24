// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SteelyardWorker

/// How the HTTP server parses requests and addresses.
@Suite struct HTTPRequestTests {
    private func read(_ text: String, in size: Int = .max) -> HTTPRequestReader.Reading {
        var reader = HTTPRequestReader()
        var reading = HTTPRequestReader.Reading.incomplete
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty, reading == .incomplete {
            reading = reader.take(rest.prefix(size))
            rest = rest.dropFirst(size)
        }
        return reading
    }

    @Test(arguments: [1, 2, 3, 7, 1000])
    func readsPiecesOfAnySize(_ size: Int) throws {
        let text = "GET /metrics?a=b HTTP/1.1\r\nHost: x\r\naCCept:  text/plain, a/b\r\n\r\nrest"
        let reading = read(text, in: size)
        guard case .complete(let request) = reading else {
            Issue.record("\(reading)")
            return
        }
        #expect(request.method == "GET")
        #expect(request.path == "/metrics")
        #expect(request.accept == "text/plain, a/b")
    }

    @Test(arguments: ["GET / HTTP/1.0\n\n", "HEAD / HTTP/1.1\r\n\n"])
    func takesLinesWithoutCarriageReturn(_ text: String) {
        guard case .complete(let request) = read(text) else {
            Issue.record("\(read(text))")
            return
        }
        #expect(request.path == "/")
        #expect(request.accept.isEmpty)
    }

    @Test(
        arguments: [
            "\r\n\r\n", "GET /\r\n\r\n", "GET  HTTP/1.1\r\n\r\n", "get / HTTP/1.1\r\n\r\n", "GET / HTTP/2.0\r\n\r\n",
            "GET x HTTP/1.1\r\n\r\n", "GET / HTTP/1.1 \r\n\r\n", "GET /\u{1} HTTP/1.1\r\n\r\n",
            "G\u{0}T / HTTP/1.1\n\n",
            "\u{16}\u{3}\u{1}\u{2}\n\n", "\(String(repeating: "A", count: 17)) / HTTP/1.1\r\n\r\n",
        ]
    )
    func refusesInvalidRequests(_ text: String) { #expect(read(text) == .invalid(.badRequest)) }

    @Test(arguments: [1, 1000, Int.max])
    func refusesALargeHead(_ size: Int) {
        let text = "GET / HTTP/1.1\r\nX: \(String(repeating: "x", count: 10_000))"
        #expect(read(text, in: size) == .invalid(.headTooLarge))
    }

    @Test func waitsForTheEnd() {
        for text in ["", "G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r"] {
            #expect(read(text) == .incomplete)
        }
    }

    @Test(
        arguments: [
            ("127.0.0.1:9473", "127.0.0.1:9473"), ("[::1]:80", "[::1]:80"), ("[0:0::1]:80", "[::1]:80"),
            ("0.0.0.0:65535", "0.0.0.0:65535"),
        ]
    )
    func readsAddresses(_ text: String, _ canonical: String) throws {
        #expect(try HTTPAddress(text).description == canonical)
    }

    @Test(
        arguments: [
            "", "9473", "127.0.0.1", "localhost:1", "::1:80", "[127.0.0.1]:1", "127.0.0.1:0", "[::1]", "1.1.1.1:",
        ]
    )
    func refusesAddresses(_ text: String) { #expect(throws: (any Error).self) { try HTTPAddress(text) } }
}
