// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import OpenStackSwiftStore
import SteelyardCore
import SteelyardTestSupport
import TestServers
import Testing

/// Uploads to unresponsive servers.
///
/// The limits are far above the time on an idle machine, and far below the defaults.
@Suite("Unresponsive servers")
struct StoreTimeoutTests {
    @Test("an unreachable store fails quickly")
    func refusedConnection() async throws {
        let upload = try TestUpload()
        let error = try await fails(upload, at: FreePort.next(), within: .seconds(9))
        #expect(error.code == .unavailable)
        #expect(error.message.hasPrefix("the object store cannot be reached"))
        // No content is read before the object has been queried.
        #expect(upload.begun.value == 0)
        #expect(!error.mayBeStored)
    }

    @Test("removing segments does not wait for an unreachable store", arguments: ["127.0.0.1", "store.invalid"])
    func absentStore(_ host: String) async throws {
        let upload = try TestUpload()
        let port = try FreePort.next()
        let error = await #expect(throws: ObjectStoreError.self) {
            try await upload.removeRemains(at: "http://\(host):\(port)/v1/a")
        }
        #expect(error?.code == .unavailable)
        // Each retry would be logged.
        #expect(upload.log.lines.isEmpty)
    }

    @Test("an unknown host name fails and is named")
    func unknownHost() async throws {
        var upload = try TestUpload()
        upload.configuration.retries.attempts = 1
        let error = await #expect(throws: ObjectStoreError.self) {
            try await upload.run(at: "http://store.invalid/v1/a")
        }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("store.invalid") == true)
    }

    @Test("an upload to a silent server fails after the stall time-out")
    func silence() async throws {
        var upload = try TestUpload()
        upload.configuration.stallTimeout = .milliseconds(300)
        upload.configuration.retries.attempts = 1
        // The content is sent after a second without 100 Continue; then the server reads only a part of it.
        upload.blocks = [[UInt8]](repeating: [UInt8](repeating: 1, count: 1 << 20), count: 40)
        try await LoopbackScript { connection, _ in
            connection.answerThatObjectIsMissing()
            connection.freeze(seconds: 25)
        }.serve { server in
            let error = try await fails(upload, at: server.port, within: .seconds(20))
            #expect(error.code == .timedOut)
            #expect(error.message.contains("no data sent or received"))
        }
    }

    @Test("all attempts together end at the deadline")
    func deadline() async throws {
        var upload = try TestUpload()
        upload.configuration.totalTimeout = .seconds(1)
        upload.configuration.retries.attempts = 1000
        upload.configuration.retries.longestWait = .milliseconds(50)
        try await LoopbackScript { connection, _ in connection.reset() }.serve { server in
            let error = try await fails(upload, at: server.port, within: .seconds(20))
            #expect(error.code == .timedOut)
            #expect(error.message.hasPrefix("the object was not stored within 1 s"))
        }
        try await LoopbackScript { connection, _ in connection.stall() }.serve { server in
            let error = try await fails(upload, at: server.port, within: .seconds(20))
            #expect(error.code == .timedOut)
        }
    }

    @Test("cancelling ends the wait for a response, and the wait before the next attempt")
    func cancellation() async throws {
        var upload = try TestUpload()
        upload.configuration.retries.firstWait = .seconds(60)
        upload.configuration.retries.longestWait = .seconds(60)
        for isSilent in [true, false] {
            try await LoopbackScript { connection, _ in
                if isSilent { connection.stall() } else { connection.reset() }
            }.serve { [upload] server in
                let start = ContinuousClock.now
                let task = Task { try await upload.run(at: server.port) }
                while server.connectionCount == 0 { try await Task.sleep(for: .milliseconds(5)) }
                try await Task.sleep(for: .milliseconds(50))
                task.cancel()
                let error = await #expect(throws: ObjectStoreError.self) { try await task.value }
                #expect(error?.code == .cancelled)
                #expect(.now - start < .seconds(30))
            }
        }
    }

    @Test(
        "cancelling ends a request immediately, whatever it waits for",
        arguments: ["TLS", "an answer", "100", "remains"]
    )
    func immediateCancellation(_ silence: String) async throws {
        var upload = try TestUpload()
        upload.blocks = [[UInt8]](repeating: [UInt8](repeating: 1, count: 1 << 20), count: 40)
        let scheme = silence == "TLS" ? "https" : "http"
        var shortest = Duration.seconds(60)
        // A busy machine may be slow, but not each time.
        for _ in 0..<3 {
            let (arrived, continuation) = AsyncStream<Void>.makeStream()
            try await LoopbackScript { connection, _ in
                if silence == "100" { connection.answerThatObjectIsMissing() }
                if silence != "TLS" { _ = connection.readHead() } else { connection.take() }
                continuation.finish()
                connection.waitForClose()
            }.serve { [upload] server in
                let endpoint = "\(scheme)://127.0.0.1:\(server.port)/v1/a"
                let task = Task {
                    guard silence == "remains" else {
                        _ = try await upload.run(at: endpoint)
                        return
                    }
                    try await upload.removeRemains(at: endpoint)
                }
                for await _ in arrived {}
                // Until then, libcurl has its own timers, which also end its wait.
                try await Task.sleep(for: .milliseconds(300))
                let start = ContinuousClock.now
                task.cancel()
                let error = await #expect(throws: ObjectStoreError.self) { try await task.value }
                #expect(error?.code == .cancelled)
                shortest = min(shortest, .now - start)
            }
        }
        #expect(shortest < .milliseconds(500))
    }

    @Test("cancelling waits a short time for the response to the manifest")
    func cancelledManifest() async throws {
        var upload = try TestUpload()
        upload.byteEstimate = 1 << 40
        let (taken, continuation) = AsyncStream<Void>.makeStream()
        try await LoopbackScript { connection, _ in
            while let head = connection.readHead() {
                if head.contains("?multipart-manifest=put ") {
                    continuation.finish()
                    return connection.waitForClose()
                }
                guard head.hasPrefix("PUT ") else {
                    connection.answer("404 Not Found")
                    continue
                }
                guard !head.contains("Content-Length: 0") else {
                    connection.answer("201 Created")
                    continue
                }
                guard let content = connection.takeChunks() else { return }
                connection.answer("201 Created", headers: ["ETag: \(MD5.hexDigits(of: content))"])
            }
        }.serve { [upload] server in
            let task = Task { try await upload.run(at: server.port) }
            for await _ in taken {}
            task.cancel()
            let start = ContinuousClock.now
            let error = await #expect(throws: ObjectStoreError.self) { try await task.value }
            #expect(error?.code == .cancelled && error?.mayBeStored == true)
            // The default time-out of an idle request is a minute.
            #expect(.now - start < .seconds(30))
        }
    }

    @Test("cancelling after the last byte queries the object once more, with a short time-out")
    func cancellationAfterTheEnd() async throws {
        let upload = try TestUpload()
        let (taken, continuation) = AsyncStream<Void>.makeStream()
        try await LoopbackScript { connection, number in
            guard number == 0 else { return connection.stall() }
            connection.answerThatObjectIsMissing()
            _ = connection.readHead()
            _ = connection.takeChunks()
            continuation.finish()
            connection.stall()
        }.serve { server in
            let task = Task { try await upload.run(at: server.port) }
            for await _ in taken {}
            task.cancel()
            let start = ContinuousClock.now
            let error = await #expect(throws: ObjectStoreError.self) { try await task.value }
            #expect(error?.code == .cancelled)
            #expect(.now - start < .seconds(20))
        }
    }

    private func fails(_ upload: TestUpload, at port: Int, within limit: Duration) async throws -> ObjectStoreError {
        let start = ContinuousClock.now
        let error = await #expect(throws: ObjectStoreError.self) { try await upload.run(at: port) }
        #expect(.now - start < limit)
        return try #require(error)
    }
}
