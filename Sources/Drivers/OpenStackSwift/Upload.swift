// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SteelyardSystem

/// One object on its way: makes the requests that a state machine decides on, within the time that there is.
struct Upload: Sendable {
    /// What asking for an object, or removing one, may take, all tries together: also where the time for the object is
    /// over, and where the agent is stopping.
    static let cleanUpLimit = Duration.seconds(5)

    let address: ObjectAddress
    let configuration: OpenStackSwiftConfiguration
    let connections: StoreConnectionPool
    let logger: Logger
    let makeBody: @Sendable () throws(ObjectStoreError) -> any ObjectBody
    let cancellation = CancellationFlag()

    var failures: StoreFailures { StoreFailures(address: address) }

    /// Goes on until the object is stored or cannot be.
    func run() async -> Result<StoredObject, ObjectStoreError> {
        do throws(ObjectStoreError) {
            let connection = try connections.take(for: address.endpoint)
            defer { connections.give(back: connection, for: address.endpoint) }
            return .success(try await store(over: connection))
        } catch {
            return .failure(error)
        }
    }

    private func store(over connection: StoreConnection) async throws(ObjectStoreError) -> StoredObject {
        let end = ContinuousClock.now + configuration.totalTimeout
        var machine = UploadStateMachine(failures, retries: configuration.retries)
        var lastError: ObjectStoreError?
        var cleanUpEnd: ContinuousClock.Instant?
        var step = UploadStateMachine.Step.putObject
        while true {
            switch step {
            case .succeed(let object): return object
            case .fail(let error): throw error
            case .putSegments: return try await storeInSegments(over: connection, until: end)
            case .headObject, .deleteObject:
                let end = cleanUpEnd ?? .now + Self.cleanUpLimit
                cleanUpEnd = end
                step = machine.next(after: try await perform(request(for: step, end - .now), over: connection))
            case .putObject, .putContainer, .pause:
                cleanUpEnd = nil
                guard end > .now else {
                    step = machine.next(afterStop: failures.outOfTime(configuration.totalTimeout, last: lastError))
                    break
                }
                guard case .pause(let wait, let error) = step else {
                    step = machine.next(after: try await perform(request(for: step, end - .now), over: connection))
                    break
                }
                lastError = error
                do throws(ObjectStoreError) {
                    try await pause(min(wait, end - .now), error)
                    step = .putObject
                } catch {
                    step = machine.next(afterStop: error)
                }
            }
        }
    }

    private func request(for step: UploadStateMachine.Step, _ limit: Duration) -> StoreRequest {
        switch step {
        case .headObject: .head(address.objectURL, address, limit: limit)
        case .deleteObject: .delete(address.objectURL, address, limit: limit)
        case .putContainer:
            .putContainer(address.containerURL, address, limit: limit, cancellation: cancellation)
        case .putObject, .putSegments, .pause, .succeed, .fail:
            .putObject(address, limit: limit, cancellation: cancellation) {
                [makeBody, configuration] () throws(ObjectStoreError) in
                let content = try Content(makeBody)
                try content.begin()
                return ContentPart(of: content, limit: UInt64(configuration.segmentBytes), beyond: .outgrown)
            }
        }
    }

    /// Makes a request on a thread that may block; where there is no time for it, it has timed out.
    func perform(
        _ request: StoreRequest,
        over connection: StoreConnection
    ) async throws(ObjectStoreError) -> ExchangeResult {
        guard request.limit > .zero else { return ExchangeResult(end: .broke(.stalled(Self.cleanUpLimit))) }
        do throws(ThreadError) {
            return try await DedicatedThread.run(name: "object-store") { connection.perform(request) }
        } catch {
            throw ObjectStoreError(.unavailable, error.description)
        }
    }

    /// Waits for another try.
    ///
    /// - Throws: `ObjectStoreError` with the code `cancelled`.
    func pause(_ wait: Duration, _ error: ObjectStoreError) async throws(ObjectStoreError) {
        logger.info(
            "the object could not be stored, trying again",
            metadata: [
                LogKeys.error: "\(error.message)",
                LogKeys.retryAfter: "\(Double(wait.milliseconds) / 1000)",
            ]
        )
        // What ended the sleep is asked for below.
        try? await Task.sleep(for: wait)
        try cancellation.check()
    }
}
