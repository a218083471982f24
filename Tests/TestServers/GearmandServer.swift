// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// A real gearmand on a free port of loopback.
package struct GearmandServer: Sendable {
    /// Its port.
    package let port: Int
    /// `127.0.0.1:PORT`.
    package var address: String { "127.0.0.1:\(port)" }
    private let folder: URL
    /// The process.
    package let process: ChildProcess

    /// Starts a server; `process.stop()` must follow.
    ///
    /// - Parameters:
    ///   - port: The port to listen on; nil for a free port.
    ///   - isApart: Whether it has its own process group, so that Ctrl-C does not reach it.
    package static func start(in folder: URL, port: Int? = nil, isApart: Bool = false) async throws -> GearmandServer {
        guard let program = Requirement.gearmand.path else { throw ServerFailure("gearmand is not installed") }
        let port = try port ?? FreePort.next()
        let process = try await ChildProcess.start(
            program,
            ["--listen=127.0.0.1", "--port=\(port)", "--log-file=stderr"],
            in: folder,
            name: "gearmand-\(port)",
            isApart: isApart
        )
        do {
            try await eventually("gearmand listens") { (try? await HTTPClient(port: port).close()) != nil }
        } catch {
            await process.stop()
            throw error
        }
        return GearmandServer(port: port, folder: folder, process: process)
    }

    /// Starts another server on the same port after this one has ended.
    package func restarted() async throws -> GearmandServer { try await Self.start(in: folder, port: port) }
}

/// Starts a gearmand in a folder, passes it to a closure, and stops it in any case.
package func withGearmand<Success>(
    in folder: URL,
    _ body: (GearmandServer) async throws -> Success
) async throws -> Success {
    let server = try await GearmandServer.start(in: folder)
    let result: Result<Success, any Error>
    do { result = .success(try await body(server)) } catch { result = .failure(error) }
    await server.process.stop()
    return try result.get()
}
