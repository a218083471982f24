// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import OpenStackSwiftStore
import SteelyardCore
import SteelyardTestSupport
import Synchronization
import TestServers
import Testing

extension OpenStackSwiftTests {
    /// A killed agent's manifest arrives while another agent removes its remains.
    @Suite("late manifests", .ownThread)
    struct LateManifests {
        private let server: OpenStackSwiftServer
        private let port: Int
        private var upload: TestUpload

        init() throws {
            server = try OpenStackSwiftServer.current
            port = try Int(#require(StorageEndpoint(server.endpoint).port).number)
            upload = try TestUpload()
            upload.token = server.token
            upload.configuration.segmentBytes = 400_000
            upload.byteEstimate = UInt64(upload.content.count)
        }

        private var segmentsContainer: String { "\(upload.path.container)_segments" }

        @Test(
            "no corrupt object remains, and the upload continues",
            arguments: [("HEAD", 1), ("DELETE", 0), ("DELETE", 2)]
        )
        func late(_ method: String, _ number: Int) async throws {
            try await server.makeContainer(upload.path.container)
            let sending = AsyncStream<Void>.makeStream()
            let (release, isStored) = (Gate(), Gate())
            let killed = FaultProxy(to: port) { request in
                guard request.isManifest else { return nil }
                sending.continuation.finish()
                release.wait()
                return nil
            }
            let seen = Atomic(0)
            let collector = FaultProxy(to: port) { request in
                guard request.head.hasPrefix("\(method) ") else { return nil }
                guard seen.add(1, ordering: .sequentiallyConsistent).oldValue == number else { return nil }
                release.open()
                isStored.wait()
                return nil
            }
            try await killed.serve { killed in
                async let first = upload.run(at: killed.port)
                for await _ in sending.stream {}
                async let collected: Void = collector.serve { collector in
                    defer { release.open() }
                    try await upload.removeRemains(at: "http://127.0.0.1:\(collector.port)/v1/AUTH_test")
                }
                _ = try? await first
                isStored.open()
                try await collected
            }
            #expect(seen.load(ordering: .sequentiallyConsistent) > number)
            // The HEAD precedes any removal: the object is complete.
            let left = try await server.names(in: upload.path.container)
            #expect(left == (method == "HEAD" ? [upload.path.name] : []))
            #expect(try await server.names(in: segmentsContainer).count == (method == "HEAD" ? 3 : 0))

            _ = try await upload.run(at: server.endpoint)
            #expect(try await server.object("\(upload.path)")?.content == upload.content)
            try await upload.removeRemains(at: server.endpoint)
            #expect(try await server.object("\(upload.path)")?.content == upload.content)
            #expect(try await server.names(in: segmentsContainer).count == 3)
        }

        @Test("an object with a missing segment is not accepted as the result, but sent again")
        func damaged() async throws {
            _ = try await upload.run(at: server.endpoint)
            let segments = try await server.names(in: segmentsContainer)
            try await server.removeObject("\(segmentsContainer)/\(segments[1])")
            let stored = try await upload.run(at: server.endpoint)
            #expect(!stored.wasFound)
            #expect(try await server.object("\(upload.path)")?.content == upload.content)
            // The remains of the first attempt are unneeded.
            #expect(try await server.names(in: segmentsContainer).count == 5)
            try await upload.removeRemains(at: server.endpoint)
            #expect(try await server.names(in: segmentsContainer).count == 3)
            #expect(try await server.object("\(upload.path)")?.content == upload.content)
        }

        @Test("an object with a missing segment is removed with its remains")
        func damagedRemains() async throws {
            _ = try await upload.run(at: server.endpoint)
            let segments = try await server.names(in: segmentsContainer)
            try await server.removeObject("\(segmentsContainer)/\(segments[2])")
            try await upload.removeRemains(at: server.endpoint)
            #expect(try await server.names(in: upload.path.container).isEmpty)
            #expect(try await server.names(in: segmentsContainer).isEmpty)
        }
    }
}

extension OpenStackSwiftServer {
    /// Removes an object; of an object in segments, only the manifest.
    fileprivate func removeObject(_ path: String) async throws {
        _ = try await Command.run(
            "/usr/bin/curl",
            ["-sS", "--fail", "--noproxy", "*", "-X", "DELETE", "-H", "X-Auth-Token: \(token)", "\(endpoint)/\(path)"]
        )
    }
}
