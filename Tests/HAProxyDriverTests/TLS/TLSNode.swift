// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers

/// A node that speaks TLS, HTTP/1.1 and HTTP/2: an HAProxy that responds with what it has seen of its client.
enum TLSNode {
    /// What one node shows and demands.
    struct Listener: Sendable {
        let port: Int
        let identity: TestCertificates.Identity
        /// The protocols that it offers.
        var alpn = "h2,http/1.1"
        /// Words of its bind line, such as `ca-file F verify required`.
        var words = ""
    }

    /// Starts nodes, passes control to a closure, and stops them in any case.
    ///
    /// Each responds with its port, the server name, the common name of its client's certificate if there is one, and
    /// version of HTTP.
    static func run<Success>(
        _ listeners: [Listener],
        in folder: URL,
        _ body: () async throws -> Success
    ) async throws -> Success {
        guard let binary = Requirement.haproxy.path else { throw ServerFailure("haproxy is not installed") }
        let file = folder.appending(path: "tls-nodes-\(listeners[0].port).cfg")
        let sections = try listeners.map { try section($0, in: folder) }
        let head = "defaults\n    mode http\n    timeout client 1h\n    timeout server 1h\n    timeout connect 1h\n"
        try (head + sections.joined()).write(to: file, atomically: true, encoding: .utf8)
        let process = try await ChildProcess.start(
            binary,
            ["-db", "-f", file.path],
            in: folder,
            name: file.lastPathComponent
        )
        let result: Result<Success, any Error>
        do {
            try await eventually("the nodes listen: \(process.errorOutput)") {
                for listener in listeners where try await !LoopbackSocket.accepts(listener.port) { return false }
                return true
            }
            result = .success(try await body())
        } catch { result = .failure(error) }
        await process.stop()
        return try result.get()
    }

    private static func section(_ listener: Listener, in folder: URL) throws -> String {
        let both = folder.appending(path: "node-\(listener.port).pem")
        let parts = try [listener.identity.certificate, listener.identity.key].map {
            try String(contentsOfFile: $0, encoding: .utf8)
        }
        try parts.joined().write(to: both, atomically: true, encoding: .utf8)
        let seen = "\(listener.port) %[ssl_fc_sni] %[ssl_c_s_dn(cn)] %[req.ver]"
        return """
            frontend n\(listener.port)
                bind 127.0.0.1:\(listener.port) ssl crt \(both.path) alpn \(listener.alpn) \(listener.words)
                http-request return status 200 content-type text/plain lf-string "\(seen)"

            """
    }
}
