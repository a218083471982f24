// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers

/// Nodes of 127.0.0.1 that answer with what they received from the load balancer; HAProxy is the program.
struct TestNodes {
    /// Answers with the client's address.
    let plain: Int
    /// The same, also on 127.0.0.2; the client's address is that of a PROXY header, which must be present.
    let proxied: Int
    /// An HTTPS server.
    ///
    /// With the server name and the host `www.example.com`, HEAD has the status 204, and any other
    /// method 200; otherwise the status is 500.
    let tls: Int
    /// The same as `tls`, after a PROXY header.
    let proxiedTLS: Int

    /// Starts the nodes, passes them to a closure, and stops them in any case.
    static func run<Success>(in folder: URL, _ body: (TestNodes) async throws -> Success) async throws -> Success {
        let identity = try await TestCertificates(in: folder).issue("node", for: ["www.example.com"])
        let pair = folder.appending(path: "node-pair.pem")
        try (Data(contentsOf: URL(filePath: identity.certificate)) + Data(contentsOf: URL(filePath: identity.key)))
            .write(to: pair)
        let nodes = TestNodes(
            plain: try FreePort.next(),
            proxied: try FreePort.next(),
            tls: try FreePort.next(),
            proxiedTLS: try FreePort.next()
        )
        let file = folder.appending(path: "nodes.cfg")
        try nodes.text(pair.path).write(to: file, atomically: true, encoding: .utf8)
        let process = try await ChildProcess.start(
            Environment.haproxy,
            ["-db", "-f", file.path],
            in: folder,
            name: "nodes"
        )
        let result: Result<Success, any Error>
        do {
            try await eventually("the nodes listen: \(process.errorOutput)") {
                try await LoopbackSocket.accepts(nodes.proxiedTLS)
            }
            result = .success(try await body(nodes))
        } catch { result = .failure(error) }
        await process.stop()
        return try result.get()
    }

    private func text(_ pair: String) -> String {
        """
        defaults
            mode http
            timeout client 1m
            timeout server 1m
            timeout connect 1m
        frontend plain
            bind 127.0.0.1:\(plain)
            bind 127.0.0.1:\(proxied) accept-proxy
            bind 127.0.0.2:\(proxied) accept-proxy
            http-request return status 200 content-type text/plain lf-string %[src]
        frontend tls
            bind 127.0.0.1:\(tls) ssl crt \(pair)
            bind 127.0.0.1:\(proxiedTLS) accept-proxy ssl crt \(pair)
            acl named ssl_fc_sni www.example.com
            acl named-host req.hdr(host) www.example.com
            http-request return status 500 unless named named-host
            http-request return status 204 if METH_HEAD
            http-request return status 200

        """
    }
}
