// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import OpenStackSwiftStore
import SteelyardCore
import SteelyardTestSupport
import Synchronization
import TestServers
import Testing

/// Stores abort requests that are idle for too long: no request starts before its first bytes are available.
@Suite("The first block of a content")
struct FirstBlockTests {
    enum Kind: CaseIterable { case chunked, segments, counted }

    /// The number of requests with content.
    private final class Requests: Sendable {
        private let count = Mutex(0)
        /// The number of requests at the time when the first block of each content was read.
        let atFirstBlocks = Mutex<[Int]>([])

        var value: Int { count.withLock { $0 } }

        func add() -> Int {
            count.withLock { count in
                count += 1
                return count
            }
        }
    }

    @Test("is read before the request starts", arguments: Kind.allCases)
    func firstBlock(_ kind: Kind) async throws {
        let requests = Requests()
        try await LoopbackScript { connection, _ in
            while let head = connection.readHead() { Self.answer(head, kind, requests, connection) }
        }.serve { server in
            let upload = try TestUpload()
            let object = ObjectUpload(
                path: upload.path,
                endpoint: try StorageEndpoint("http://127.0.0.1:\(server.port)/v1/a"),
                credentials: ["hpcs_object_store_token": try StorageToken("a-token")],
                byteEstimate: kind == .segments ? 1 << 40 : nil
            ) { () throws(ObjectStoreError) in
                let isFirst = Atomic(true)
                return BlocksBody([[1, 2, 3], [4, 5]]) {
                    guard isFirst.exchange(false, ordering: .relaxed) else { return }
                    requests.atFirstBlocks.withLock { $0.append(requests.value) }
                }
            }
            let store = upload.makeStore()
            let stored = try await withTaskExecutorPreference(BlockingExecutor()) { try await store.put(object) }
            #expect(stored.byteCount == 5)
        }
        // If a length is required, the content is started once more to count it, and then to send it.
        #expect(requests.atFirstBlocks.withLock { $0 } == (kind == .counted ? [0, 1, 1] : [0]))
    }

    private static func answer(_ head: String, _ kind: Kind, _ requests: Requests, _ connection: LoopbackConnection) {
        guard head.hasPrefix("PUT ") else { return connection.answer("404 Not Found") }
        let isContainer = head.contains("Content-Length: 0")
        guard !isContainer else { return connection.answer("201 Created") }
        if head.contains("?multipart-manifest=put ") {
            connection.send("HTTP/1.1 100 Continue\r\n\r\n")
            let length = head.split(separator: "\r\n").first { $0.hasPrefix("Content-Length: ") }?.dropFirst(16)
            guard connection.readBytes(length.flatMap { Int($0) } ?? 0) != nil else { return }
            let segments = Array(MD5.hexDigits(of: [1, 2, 3, 4, 5]).utf8)
            return connection.answer("201 Created", headers: ["ETag: \(MD5.hexDigits(of: segments))"])
        }
        let number = requests.add()
        if kind == .counted, number == 1 { return connection.answer("411 Length Required") }
        connection.send("HTTP/1.1 100 Continue\r\n\r\n")
        let content = kind == .counted ? connection.readBytes(5) : connection.readChunks()
        guard let content else { return }
        connection.answer("201 Created", headers: ["ETag: \(MD5.hexDigits(of: content))"])
    }
}
