// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import Logging
public import SteelyardCore

/// Stores objects in OpenStack Swift, through libcurl.
///
/// An object is sent while it is made, in one chunked PUT; what the store says of its MD5 is compared to what was counted
/// on the way. Content beyond ``OpenStackSwiftConfiguration/segmentBytes`` becomes a Static Large Object: its
/// size is not known beforehand, and so the attempt that finds it too large is broken off, which leaves nothing, and the
/// content is begun anew, in segments. Certificates are always verified, redirects are not followed, proxies of the environment are not used, and
/// the token stands in the `X-Auth-Token` header and nowhere else. What may pass is tried again; each attempt begins the
/// content anew. Connections are kept for a minute, for the next object. Cancelling the task that called ``put(_:)`` breaks the upload off.
public final class OpenStackSwiftStore: ObjectStore {
    private let configuration: OpenStackSwiftConfiguration
    private let logger: Logger
    private let connections: StoreConnectionPool

    /// Creates a store; nothing is connected to before the first object comes.
    public init(configuration: OpenStackSwiftConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        connections = StoreConnectionPool(configuration)
    }

    /// Stores one object whole, or nothing at all; the container is created where there is none.
    ///
    /// - Returns: The content's MD5 and size. The store has confirmed that MD5; where the object is in segments, it has
    ///   confirmed each segment's, and the list of them, while the MD5 of the whole was counted here.
    /// - Throws: `ObjectStoreError`, which says what the store said, and never the token.
    public func put(_ object: ObjectUpload) async throws(ObjectStoreError) -> StoredObject {
        let upload = Upload(
            address: ObjectAddress(path: object.path, endpoint: object.endpoint, token: object.token),
            configuration: configuration,
            connections: connections,
            logger: logger,
            makeBody: object.makeBody
        )
        let result = await withTaskCancellationHandler {
            await upload.run()
        } onCancel: {
            upload.cancellation.set()
        }
        return try result.get()
    }
}
