// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers

@testable import SteelyardWorker

/// An authority, a server certificate and a client certificate in the test's folder.
struct TLSFixture: Sendable {
    let folder: URL
    let authority: TestCertificates
    let server: TestCertificates.Identity
    let client: TestCertificates.Identity

    /// The hosts of the server's certificate.
    static let hosts = ["gearman.example.com", "*.wild.example.com", "127.0.0.1", "2001:db8::1"]

    init(in folder: URL) async throws {
        self.folder = folder
        authority = try await TestCertificates(in: folder)
        server = try await authority.issue("cn.example.com", for: Self.hosts)
        client = try await authority.issue("device-1", usage: .client)
    }

    /// The settings of a device.
    var settings: TLSSettings { settings(client) }

    func settings(_ identity: TestCertificates.Identity?, ca: String? = nil) -> TLSSettings {
        TLSSettings(ca: ca ?? authority.ca, certificate: identity?.certificate, key: identity?.key)
    }

    /// Passes the port of a stunnel with an echo server to a closure.
    func withEcho<Success>(
        identity: TestCertificates.Identity? = nil,
        _ body: (StunnelServer) async throws -> Success
    ) async throws -> Success {
        try await LoopbackScript { connection, _ in connection.echo() }.serve { echo in
            try await withStunnel(
                in: folder,
                to: echo.port,
                identity: identity ?? server,
                ca: authority.ca,
                body
            )
        }
    }
}

/// Passes a fixture in a temporary folder to a closure.
func withTLSFixture<Success>(_ body: (TLSFixture) async throws -> Success) async throws -> Success {
    try await withTemporaryFolder { try await body(TLSFixture(in: $0)) }
}
