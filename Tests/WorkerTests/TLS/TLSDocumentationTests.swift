// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

@testable import SteelyardWorker

/// The commands of packaging/tls/README.md create certificates that work with its configuration.
@Suite(Requirement.stunnel.trait, Requirement.openssl.trait) struct TLSDocumentationTests {
    @Test func certificates() async throws {
        try await withTemporaryFolder { folder in
            let document = Environment.packageFolder.appending(path: "packaging/tls/README.md")
            let text = try String(contentsOf: document, encoding: .utf8)
            let block = try #require(text.firstMatch(of: /(?s)\n```sh\n(.*?)\n```\n/))
            let script = folder.appending(path: "commands.sh")
            try "set -eu\ncd '\(folder.path)'\n\(block.1)\n".write(to: script, atomically: true, encoding: .utf8)
            _ = try await Command.run("/bin/sh", [script.path])

            func path(_ name: String) -> String { folder.appending(path: name).path }
            let settings = TLSSettings(
                ca: path("ca.pem"),
                certificate: path("device.pem"),
                key: path("device.key")
            )
            let identity = TestCertificates.Identity(certificate: path("server.pem"), key: path("server.key"))
            try await LoopbackScript { connection, _ in connection.echo() }.serve { echo in
                try await withStunnel(in: folder, to: echo.port, identity: identity, ca: path("ca.pem")) { server in
                    for host in ["gearman-1.example.com", "192.0.2.10"] {
                        let reply = try await withTLSClient(settings, host: host, port: server.port) { client in
                            try client.handshake()
                            try client.write([1, 2, 3])
                            return try client.read()
                        }
                        #expect(reply == [1, 2, 3])
                    }
                    var anonymous = settings
                    (anonymous.certificate, anonymous.key) = (nil, nil)
                    let error = try await failure(anonymous, host: "192.0.2.10", port: server.port)
                    #expect(error?.code == .rejectedByServer)
                    // The device's certificate is invalid for a server.
                    let device = TestCertificates.Identity(certificate: path("device.pem"), key: path("device.key"))
                    try await withStunnel(in: folder, to: echo.port, identity: device, ca: path("ca.pem")) { device in
                        let error = try await failure(settings, host: "192.0.2.10", port: device.port)
                        #expect(error?.code == .untrustedServer)
                        #expect(error?.description.contains("unsuitable certificate purpose") == true)
                    }
                }
            }
        }
    }
}
