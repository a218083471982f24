// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// Runs `openssl s_server` on a free port, passes the port to a closure, and stops it in any case: for options that
/// stunnel rejects.
///
/// It sends back each line reversed.
///
/// - Parameter options: Further options of s_server, such as `-tls1_1`.
package func withOpenSSLServer<Success>(
    in folder: URL,
    identity: TestCertificates.Identity,
    options: [String],
    _ body: (Int) async throws -> Success
) async throws -> Success {
    guard let program = Requirement.openssl.path else { throw ServerFailure("openssl is not installed") }
    let port = try FreePort.next()
    let arguments = ["s_server", "-accept", "127.0.0.1:\(port)", "-rev", "-cert", identity.certificate]
    let process = try await ChildProcess.start(
        program,
        arguments + ["-key", identity.key] + options,
        in: folder,
        name: "s_server-\(port)"
    )
    let result: Result<Success, any Error>
    do {
        // It serves one connection at a time, so readiness is read from its output instead of a connection.
        try await eventually("s_server listens") {
            guard process.isRunning else { throw ServerFailure("s_server ended: \(process.errorOutput)") }
            return process.output.contains("ACCEPT")
        }
        result = .success(try await body(port))
    } catch {
        result = .failure(error)
    }
    await process.stop()
    return try result.get()
}
