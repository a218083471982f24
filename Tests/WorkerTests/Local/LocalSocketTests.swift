// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardSystem
import SystemPackage
import TestServers
import Testing

/// Sockets in the file system.
@Suite struct LocalSocketTests {
    private static func exchange(in folder: URL) async throws -> LocalSocket.Reading {
        let path = FilePath(folder.appending(path: "control.sock").path)
        let listener = try LocalListener(path)
        defer { listener.stop() }
        let mode = try FileManager.default.attributesOfItem(atPath: path.string)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        try DedicatedThread.start(name: "server") {
            while let socket = listener.accept() {
                guard socket.peer?.isTrusted == true else { continue }
                guard case .whole(let bytes)? = try? socket.readToEnd(atMost: 100, by: .after(.seconds(60))) else {
                    continue
                }
                _ = try? socket.write(bytes + bytes, within: .seconds(60))
            }
        }
        return try await DedicatedThread.run(name: "client") {
            Result {
                let socket = try LocalSocket(path)
                #expect(socket.peer?.processID == getpid())
                _ = try socket.write(Array("ab".utf8), within: .seconds(60))
                socket.endOutput()
                return try socket.readToEnd(atMost: 100, by: .after(.seconds(60)))
            }
        }.get()
    }

    @Test(arguments: [1, 60, 200]) func paths(length: Int) async throws {
        try await withTemporaryFolder { folder in
            let long = folder.appending(path: String(repeating: "x", count: length))
            try FileManager.default.createDirectory(at: long, withIntermediateDirectories: true)
            let reading = try await Self.exchange(in: long)
            #expect(reading == .whole(Array("abab".utf8)))
        }
    }

    /// The socket of a process that was killed, and any other file of that name, is replaced; a folder is not.
    @Test func replaces() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "control.sock")
            try Data("x".utf8).write(to: path)
            let reading = try await Self.exchange(in: folder)
            #expect(reading == .whole(Array("abab".utf8)))
            try await eventually("the file is removed") { !FileManager.default.fileExists(atPath: path.path) }
            try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
            #expect(throws: FileError.self) { try LocalListener(FilePath(path.path)) }
        }
    }
}
