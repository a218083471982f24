// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Foundation
import Glibc

/// A real stunnel on a free port of loopback, with the configuration of packaging/tls; only addresses and paths are
/// replaced.
package struct StunnelServer: Sendable {
    /// Its port.
    package let port: Int
    /// `127.0.0.1:PORT`.
    package var address: String { "127.0.0.1:\(port)" }
    /// The process.
    package let process: ChildProcess

    /// Starts a server; `process.stop()` must follow.
    ///
    /// - Parameters:
    ///   - folder: The folder for its configuration; several servers may share it.
    ///   - target: The port of the plain TCP server to connect to.
    ///   - identity: Its certificate and key; ``reload()`` reads the files again.
    ///   - ca: The authorities of client certificates.
    package static func start(
        in folder: URL,
        to target: Int,
        identity: TestCertificates.Identity,
        ca: String
    ) async throws -> StunnelServer {
        guard let program = Requirement.stunnel.path else { throw ServerFailure("stunnel4 is not installed") }
        let port = try FreePort.next()
        let file = folder.appending(path: "stunnel-\(port).conf")
        let values = [
            "accept": "127.0.0.1:\(port)", "connect": "127.0.0.1:\(target)", "cert": identity.certificate,
            "key": identity.key, "CAfile": ca,
        ]
        try adapted(values).write(to: file, atomically: true, encoding: .utf8)
        let process = try await ChildProcess.start(program, [file.path], in: folder, name: "stunnel-\(port)")
        let server = StunnelServer(port: port, process: process)
        do {
            try await eventually("stunnel listens") {
                guard process.isRunning else { throw ServerFailure("stunnel ended: \(process.errorOutput)") }
                return try await LoopbackSocket.accepts(port)
            }
        } catch {
            await process.stop()
            throw error
        }
        return server
    }

    /// Makes it read its files again, as after a rotation, and waits for that.
    package func reload() async throws {
        let count = configurationCount
        process.send(signal: SIGHUP)
        try await eventually("stunnel has read its files") { configurationCount > count }
    }

    private var configurationCount: Int {
        process.errorOutput.ranges(of: "Configuration successful").count
    }

    /// The shipped configuration with some options replaced.
    private static func adapted(_ values: [String: String]) throws -> String {
        let file = Environment.packageFolder.appending(path: "packaging/tls/gearmand-stunnel.conf")
        var missing = values
        let lines = try String(contentsOf: file, encoding: .utf8).split(
            separator: "\n",
            omittingEmptySubsequences: false
        ).map { line in
            guard let option = line.firstRange(of: " = ").map({ String(line[..<$0.lowerBound]) }),
                let value = missing.removeValue(forKey: option)
            else { return String(line) }
            return "\(option) = \(value)"
        }
        guard missing.isEmpty else { throw ServerFailure("\(file.path) lacks \(missing.keys.sorted())") }
        return lines.joined(separator: "\n")
    }
}

/// Starts a stunnel in a folder, passes it to a closure, and stops it in any case.
package func withStunnel<Success>(
    in folder: URL,
    to target: Int,
    identity: TestCertificates.Identity,
    ca: String,
    _ body: (StunnelServer) async throws -> Success
) async throws -> Success {
    let server = try await StunnelServer.start(in: folder, to: target, identity: identity, ca: ca)
    let result: Result<Success, any Error>
    do { result = .success(try await body(server)) } catch { result = .failure(error) }
    await server.process.stop()
    return try result.get()
}
