// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import S3Store
import SteelyardCore
import SteelyardTestSupport
import TestServers
import Testing

extension S3Tests {
    /// The remains of an agent that is killed or stopped during an upload.
    @Suite("an upload that ends early")
    struct Remains {
        private let server: MotoServer
        private var upload: S3TestUpload

        init() throws {
            server = try MotoServer.current
            upload = try S3TestUpload()
            upload.configuration.partBytes = 100_000
        }

        @Test("killed: a later call removes its parts, and keeps those of other keys")
        func killed() async throws {
            try await interrupt(upload)
            var other = upload
            other.path = ObjectPath(
                basePath: try ObjectBasePath(upload.path.container),
                loadBalancer: try Identifier("lb"),
                log: "haproxy",
                time: UTCTimestamp(microseconds: 1_000_000)
            )
            try await interrupt(other)
            #expect(try await server.uploads(in: upload.path.container) == [upload.path.name, other.path.name])
            try await upload.removeRemains(at: server.endpoint)
            #expect(try await server.uploads(in: upload.path.container) == [other.path.name])
            // And again, without remains.
            try await upload.removeRemains(at: server.endpoint)
            #expect(upload.log.lines.filter { $0.contains("parts of an abandoned upload removed") }.count == 1)
        }

        @Test("killed, and then sent again: one object, and no parts")
        func sentAgain() async throws {
            try await interrupt(upload)
            #expect(try await upload.run(at: server.endpoint) == upload.stored)
            try await upload.removeRemains(at: server.endpoint)
            #expect(try await server.uploads(in: upload.path.container) == [])
            #expect(try await server.object("\(upload.path)")?.content == upload.content)
            #expect(try await upload.run(at: server.endpoint).wasFound)
        }

        @Test("cancelled in a part: nothing remains")
        func cancelled() async throws {
            let (upload, server) = (upload, server)
            let (reached, hold) = (Gate(), Gate())
            let proxy = FaultProxy(to: server.port) { request in
                guard request.head.contains("?partNumber=2&") else { return nil }
                reached.open()
                hold.wait()
                return nil
            }
            try await proxy.serve { proxy in
                let running = Task {
                    defer { reached.open() }
                    return try await upload.run(at: proxy.port)
                }
                defer { hold.open() }
                try await blocking { reached.wait() }
                running.cancel()
                let error = await #expect(throws: ObjectStoreError.self) { try await running.value }
                #expect(error?.code == .cancelled)
                #expect(try await server.object("\(upload.path)") == nil)
                #expect(try await server.uploads(in: upload.path.container) == [])
            }
        }

        @Test("a missing bucket has no remains")
        func noBucket() async throws { try await upload.removeRemains(at: server.endpoint) }

        @Test("an access key without permission to list: the error names it")
        mutating func noList() async throws {
            upload.account = .writer
            let error = await #expect(throws: ObjectStoreError.self) {
                try await upload.removeRemains(at: server.endpoint)
            }
            #expect(error?.code == .forbidden)
        }

        /// Sends some parts and stops without clean-up, like a killed agent.
        private func interrupt(_ upload: S3TestUpload) async throws {
            var upload = upload
            upload.configuration.retries.attempts = 1
            upload.id = UploadID()
            let isGone = Counter()
            let proxy = FaultProxy(to: server.port) { request in
                if request.head.contains("?partNumber=3&") { isGone.add() }
                return isGone.value > 0 ? .reset(after: 0) : nil
            }
            try await proxy.serve { proxy in
                _ = await #expect(throws: ObjectStoreError.self) { try await upload.run(at: proxy.port) }
            }
        }
    }
}
