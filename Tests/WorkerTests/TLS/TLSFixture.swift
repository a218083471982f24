// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers

@testable import SteelyardWorker

/// An authority, a server's and a client's certificate in a test's own folder.
struct TLSFixture: Sendable {
    let folder: URL
    let authority: TestCertificates
    let server: TestCertificates.Identity
    let client: TestCertificates.Identity

    /// The hosts that the server's certificate is for.
    static let hosts = ["gearman.example.com", "*.wild.example.com", "127.0.0.1", "2001:db8::1"]

    init(in folder: URL) async throws {
        self.folder = folder
        authority = try await TestCertificates(in: folder)
        server = try await authority.issue("cn.example.com", for: Self.hosts)
        client = try await authority.issue("device-1", usage: .client)
    }

    /// What a device has to be configured with.
    var settings: TLSSettings { settings(client) }

    func settings(_ identity: TestCertificates.Identity?, ca: String? = nil) -> TLSSettings {
        TLSSettings(ca: ca ?? authority.ca, certificate: identity?.certificate, key: identity?.key)
    }

    /// Lends the port of a stunnel with an echo server.
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

/// Lends a fixture in a temporary folder.
func withTLSFixture<Success>(_ body: (TLSFixture) async throws -> Success) async throws -> Success {
    try await withTemporaryFolder { try await body(TLSFixture(in: $0)) }
}
