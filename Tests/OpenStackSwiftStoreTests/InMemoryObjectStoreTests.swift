// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardTestSupport
import Testing

@Suite("The store in memory")
struct InMemoryObjectStoreTests {
    @Test("fulfills the contract", arguments: ObjectStoreContract.checks)
    func contract(_ check: ObjectStoreContract.Check) async throws {
        let token = try StorageToken("good")
        let store = InMemoryObjectStore(token: token)
        let place = ObjectStoreContract.Place(
            endpoint: try StorageEndpoint("http://127.0.0.1/v1/a"),
            credentials: ["hpcs_object_store_token": token],
            secretField: "hpcs_object_store_token"
        ) {
            store.object(at: $0)
        }
        try await check.run(store, at: place)
    }
}
