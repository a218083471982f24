// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestServers

/// A real OpenStack Swift that is killed, stopped and restarted on its port, with the same objects.
final class StoreSite: Sendable {
    /// The container of the agent's logs.
    static let container = "logs"

    private let folder: URL
    private let server: Mutex<OpenStackSwiftServer>
    private let chronicle: Chronicle

    private init(folder: URL, server: OpenStackSwiftServer, chronicle: Chronicle) {
        self.folder = folder
        self.server = Mutex(server)
        self.chronicle = chronicle
    }

    static func start(in folder: URL, chronicle: Chronicle) async throws -> StoreSite {
        let own = folder.appending(path: "store")
        try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
        let server = try await OpenStackSwiftServer.start(in: own)
        return StoreSite(folder: own, server: server, chronicle: chronicle)
    }

    private var current: OpenStackSwiftServer { server.withLock { $0 } }
    var endpoint: String { current.endpoint }
    /// A token that is valid until the store is restarted.
    var token: String { current.token }

    /// Ends the store by a signal, and restarts it after a pause.
    func restart(signal: Int32, pause: Double) async throws {
        let number = chronicle.begin(.store, signal == SIGKILL ? "killed" : "restarted")
        let old = current
        let first = try old.processIdentifiers().first
        kill(first, signal)
        try await eventually("the store has ended") { ProcessFacts(first).map { $0.state == "Z" } ?? true }
        try await Task.sleep(for: .seconds(pause))
        let new = try await OpenStackSwiftServer.start(in: folder, port: old.port)
        server.withLock { $0 = new }
        chronicle.end(number)
    }

    /// Stops the store for some seconds.
    func freeze(seconds: Double) async throws {
        let number = chronicle.begin(.store, "stopped, \(rounded: seconds) s")
        let pids = try current.processIdentifiers().all
        for pid in pids { kill(pid, SIGSTOP) }
        try await Task.sleep(for: .seconds(seconds))
        for pid in pids { kill(pid, SIGCONT) }
        chronicle.end(number)
    }

    func stop() async throws { try await OpenStackSwiftServer.stop(in: folder) }

    /// The lines of all objects that were not read before.
    ///
    /// - Parameters:
    ///   - known: The objects that were read before; newly read ones are added.
    ///   - named: Objects to read even if the container's listing does not contain them.
    func readLines(besides known: inout Set<String>, named: Set<String>) async throws -> [Substring] {
        var lines: [Substring] = []
        let listed = try await current.names(in: Self.container)
        for name in named.union(listed).sorted() where !known.contains(name) {
            guard let object = try await current.object("\(Self.container)/\(name)") else {
                throw ServerFailure("the object \(name) cannot be read")
            }
            let file = folder.appending(path: "object.gz")
            try Data(object.content).write(to: file)
            let text = try await Command.run("/usr/bin/gzip", ["-dc", file.path])
            lines += String(decoding: text, as: UTF8.self).split(separator: "\n")
            known.insert(name)
        }
        return lines
    }
}
