// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import Logging
public import SteelyardCore

/// Stores objects in OpenStack Swift, through libcurl.
public final class OpenStackSwiftStore: ObjectStore {
    private let configuration: OpenStackSwiftConfiguration
    private let logger: Logger

    /// Creates a store; nothing is connected to before the first object comes.
    public init(configuration: OpenStackSwiftConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// Stores one object whole, or nothing at all.
    public func put(
        _ path: ObjectPath,
        at endpoint: StorageEndpoint,
        token: StorageToken,
        makeBody: @escaping @Sendable () throws(ObjectStoreError) -> any ObjectBody
    ) async throws(ObjectStoreError) -> StoredObject {
        throw ObjectStoreError(.unavailable, "not there yet")
    }
}
