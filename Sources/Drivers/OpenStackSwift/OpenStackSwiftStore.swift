// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import Logging
public import SteelyardCore
import SteelyardSystem

/// Stores objects in OpenStack Swift, through libcurl.
///
/// An object is sent while it is made, in one chunked PUT; what the store says of its MD5 is compared to what was counted
/// on the way. Certificates are always verified, redirects are not followed, proxies of the environment are not used, and
/// the token stands in the `X-Auth-Token` header and nowhere else. What may pass is tried again; each attempt begins the
/// content anew. Cancelling the task that called ``put(_:at:token:makeBody:)`` breaks the upload off.
public final class OpenStackSwiftStore: ObjectStore {
    /// What asking for an object, or removing one, may take when there is no time left for anything else.
    private static let cleanUpLimit = Duration.seconds(15)

    private let configuration: OpenStackSwiftConfiguration
    private let logger: Logger

    /// Creates a store; nothing is connected to before the first object comes.
    public init(configuration: OpenStackSwiftConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// Stores one object whole, or nothing at all; the container is created where there is none.
    ///
    /// - Throws: `ObjectStoreError`, which says what the store said, and never the token.
    public func put(
        _ path: ObjectPath,
        at endpoint: StorageEndpoint,
        token: StorageToken,
        makeBody: @escaping @Sendable () throws(ObjectStoreError) -> any ObjectBody
    ) async throws(ObjectStoreError) -> StoredObject {
        let address = ObjectAddress(path: path, endpoint: endpoint, token: token)
        let cancellation = CancellationFlag()
        let result = await withTaskCancellationHandler {
            await store(address, cancellation, makeBody)
        } onCancel: {
            cancellation.set()
        }
        return try result.get()
    }

    private func store(
        _ address: ObjectAddress,
        _ cancellation: CancellationFlag,
        _ makeBody: @escaping @Sendable () throws(ObjectStoreError) -> any ObjectBody
    ) async -> Result<StoredObject, ObjectStoreError> {
        let failures = StoreFailures(address: address)
        let end = ContinuousClock.now + configuration.totalTimeout
        var machine = UploadStateMachine(failures, retries: configuration.retries)
        do throws(ObjectStoreError) {
            let connection = try StoreConnection(configuration)
            var last: ObjectStoreError?
            var step = UploadStateMachine.Step.putObject
            while true {
                let left = end - .now
                let request: StoreRequest
                switch step {
                case .succeed(let object): return .success(object)
                case .fail(let error): return .failure(error)
                case .headObject: request = .headObject(address, limit: Self.cleanUpLimit)
                case .deleteObject: request = .deleteObject(address, limit: Self.cleanUpLimit)
                case .putObject where left <= .zero, .putContainer where left <= .zero, .pause where left <= .zero:
                    step = machine.next(afterStop: failures.outOfTime(configuration.totalTimeout, last: last))
                    continue
                case .putContainer:
                    request = .putContainer(address, limit: left, cancellation: cancellation)
                case .putObject:
                    request = .putObject(address, limit: left, cancellation: cancellation, makeBody: makeBody)
                case .pause(let wait, let error):
                    last = error
                    step = await pause(min(wait, left), error, cancellation, &machine)
                    continue
                }
                step = machine.next(after: try await perform(request, over: connection))
            }
        } catch {
            return .failure(error)
        }
    }

    private func perform(
        _ request: StoreRequest,
        over connection: StoreConnection
    ) async throws(ObjectStoreError) -> ExchangeResult {
        do throws(ThreadError) {
            return try await DedicatedThread.run(name: "object-store") { connection.perform(request) }
        } catch {
            throw ObjectStoreError(.unavailable, error.description)
        }
    }

    private func pause(
        _ wait: Duration,
        _ error: ObjectStoreError,
        _ cancellation: CancellationFlag,
        _ machine: inout UploadStateMachine
    ) async -> UploadStateMachine.Step {
        logger.info(
            "the object could not be stored, trying again",
            metadata: [
                LogKeys.error: "\(error.message)",
                LogKeys.retryAfter: "\(Double(wait.milliseconds) / 1000)",
            ]
        )
        // Cancellation, which ends the sleep, is found right behind it.
        try? await Task.sleep(for: wait)
        do throws(ObjectStoreError) { try cancellation.check() } catch { return machine.next(afterStop: error) }
        return .putObject
    }
}
