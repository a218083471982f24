// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SteelyardSystem

/// One object on its way: makes the requests that ``UploadStateMachine`` decides on, within the time that there is.
struct Upload: Sendable {
    /// What asking for an object, or removing one, may take, all tries together: also where the time for the object is
    /// over, and where the agent is stopping.
    private static let cleanUpLimit = Duration.seconds(5)

    let address: ObjectAddress
    let configuration: OpenStackSwiftConfiguration
    let logger: Logger
    let makeBody: @Sendable () throws(ObjectStoreError) -> any ObjectBody
    let cancellation = CancellationFlag()

    /// Goes on until the object is stored or cannot be.
    func run() async -> Result<StoredObject, ObjectStoreError> {
        do throws(ObjectStoreError) { return .success(try await store()) } catch { return .failure(error) }
    }

    private func store() async throws(ObjectStoreError) -> StoredObject {
        let connection = try StoreConnection(configuration)
        let failures = StoreFailures(address: address)
        let end = ContinuousClock.now + configuration.totalTimeout
        var machine = UploadStateMachine(failures, retries: configuration.retries)
        var lastError: ObjectStoreError?
        var cleanUpEnd: ContinuousClock.Instant?
        var step = UploadStateMachine.Step.putObject
        while true {
            switch step {
            case .succeed(let object): return object
            case .fail(let error): throw error
            case .headObject, .deleteObject:
                let end = cleanUpEnd ?? .now + Self.cleanUpLimit
                cleanUpEnd = end
                step = machine.next(after: try await perform(step, until: end, over: connection))
            case .putObject, .putContainer, .pause:
                cleanUpEnd = nil
                guard end > .now else {
                    step = machine.next(afterStop: failures.outOfTime(configuration.totalTimeout, last: lastError))
                    break
                }
                guard case .pause(let wait, let error) = step else {
                    step = machine.next(after: try await perform(step, until: end, over: connection))
                    break
                }
                lastError = error
                await pause(min(wait, end - .now), error)
                do throws(ObjectStoreError) {
                    try cancellation.check()
                    step = .putObject
                } catch {
                    step = machine.next(afterStop: error)
                }
            }
        }
    }

    /// Makes the request of a step on a thread that may block.
    private func perform(
        _ step: UploadStateMachine.Step,
        until end: ContinuousClock.Instant,
        over connection: StoreConnection
    ) async throws(ObjectStoreError) -> ExchangeResult {
        let limit = end - .now
        guard limit > .zero else { return ExchangeResult(end: .broke(.stalled(Self.cleanUpLimit))) }
        let request: StoreRequest =
            switch step {
            case .headObject: .headObject(address, limit: limit)
            case .deleteObject: .deleteObject(address, limit: limit)
            case .putContainer: .putContainer(address, limit: limit, cancellation: cancellation)
            case .putObject, .pause, .succeed, .fail:
                .putObject(address, limit: limit, cancellation: cancellation, makeBody: makeBody)
            }
        do throws(ThreadError) {
            return try await DedicatedThread.run(name: "object-store") { connection.perform(request) }
        } catch {
            throw ObjectStoreError(.unavailable, error.description)
        }
    }

    private func pause(_ wait: Duration, _ error: ObjectStoreError) async {
        logger.info(
            "the object could not be stored, trying again",
            metadata: [
                LogKeys.error: "\(error.message)",
                LogKeys.retryAfter: "\(Double(wait.milliseconds) / 1000)",
            ]
        )
        // Whoever called this asks next whether it was cancellation that ended the sleep.
        try? await Task.sleep(for: wait)
    }
}
