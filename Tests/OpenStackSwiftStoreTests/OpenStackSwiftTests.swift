// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import OpenStackSwiftStore
import SteelyardCore
import SteelyardTestSupport
import TestServers
import Testing

/// Tests with a real OpenStack Swift server, one for all tests.
@Suite("Against OpenStack Swift", Requirement.openStackSwift.trait, .openStackSwiftServer)
struct OpenStackSwiftTests {
    @Test("the contract, over HTTP", arguments: ObjectStoreContract.checks)
    func overHTTP(_ check: ObjectStoreContract.Check) async throws {
        let server = try OpenStackSwiftServer.current
        let store = OpenStackSwiftStore(configuration: .init(), logger: Logger(label: "test"))
        try await check.run(store, at: server.place(server.endpoint))
    }

    @Test("the contract, over TLS", arguments: ObjectStoreContract.checks)
    func overTLS(_ check: ObjectStoreContract.Check) async throws {
        let server = try OpenStackSwiftServer.current
        let configuration = OpenStackSwiftConfiguration(certificateAuthorityFile: server.certificateAuthority)
        let store = OpenStackSwiftStore(configuration: configuration, logger: Logger(label: "test"))
        try await check.run(store, at: server.place(server.tlsEndpoint))
    }
}

extension OpenStackSwiftServer {
    /// Returns this server as a place for the contract's checks.
    func place(_ endpoint: String) throws -> ObjectStoreContract.Place {
        ObjectStoreContract.Place(
            endpoint: try StorageEndpoint(endpoint),
            credentials: ["hpcs_object_store_token": try StorageToken(token)],
            secretField: "hpcs_object_store_token"
        ) {
            try await object("\($0)")?.content
        }
    }
}
