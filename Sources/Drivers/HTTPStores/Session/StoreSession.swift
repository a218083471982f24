// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Logging
package import SteelyardCore

/// Runs the steps of a state machine within the total time-out.
///
/// Blocks the calling thread.
package struct StoreSession<Requester: StoreRequester> {
    private var requester: Requester
    private let failures: any StoreFailureTexts
    private let configuration: HTTPStoreConfiguration
    private let connections: StoreConnectionPool
    private let logger: Logger
    private let cancellation: UploadCancellation

    private init(
        _ requester: Requester,
        failures: any StoreFailureTexts,
        configuration: HTTPStoreConfiguration,
        connections: StoreConnectionPool,
        logger: Logger,
        cancellation: UploadCancellation
    ) {
        self.requester = requester
        self.failures = failures
        self.configuration = configuration
        self.connections = connections
        self.logger = logger
        self.cancellation = cancellation
    }

    /// Runs a machine in its own session; cancelling the task ends it early, except for clean-up.
    ///
    /// - Parameters:
    ///   - requester: Makes the requests.
    ///   - failures: Creates the errors.
    package static func run<Machine: StoreStateMachine>(
        _ machine: Machine,
        _ requester: Requester,
        failures: any StoreFailureTexts,
        configuration: HTTPStoreConfiguration,
        connections: StoreConnectionPool,
        logger: Logger
    ) async throws(ObjectStoreError) -> Machine.Success where Machine.Request == Requester.Request {
        let cancellation = UploadCancellation()
        var session = StoreSession(
            requester,
            failures: failures,
            configuration: configuration,
            connections: connections,
            logger: logger,
            cancellation: cancellation
        )
        let result: Result<Machine.Success, ObjectStoreError> = await withTaskCancellationHandler {
            do throws(ObjectStoreError) { return .success(try session.run(machine)) } catch { return .failure(error) }
        } onCancel: {
            cancellation.cancel()
        }
        return try result.get()
    }

    /// Runs until the machine has finished.
    private mutating func run<Machine: StoreStateMachine>(
        _ machine: consuming Machine
    ) throws(ObjectStoreError) -> Machine.Success where Machine.Request == Requester.Request {
        let connection = try connections.take(for: failures.endpoint)
        defer { connections.give(back: connection, for: failures.endpoint) }
        let time = time(until: .now + configuration.totalTimeout)
        var cleanUpEnd: ContinuousClock.Instant?
        var lastError: ObjectStoreError?
        var step = machine.begin()
        while true {
            if !machine.keepsContent { requester.releaseContent() }
            switch step {
            case .finish(let result):
                if case .success = result, machine.cleanUpCount > 0 { requester.warnOfRemains() }
                return try result.get()
            case .request(let request) where request.isCleanUp:
                let limit = CleanUpLimit.base + CleanUpLimit.perRequest * machine.cleanUpCount
                let end = cleanUpEnd ?? .now + limit
                cleanUpEnd = end
                step = machine.next(after: perform(request, within: self.time(until: end), over: connection))
            case .request(let request):
                cleanUpEnd = nil
                do throws(ObjectStoreError) {
                    try time.check(last: lastError)
                    step = machine.next(after: perform(request, within: time, over: connection))
                } catch {
                    step = machine.next(afterStop: error)
                }
            case .pause(let duration, let error):
                cleanUpEnd = nil
                requester.prepareForPause()
                lastError = error
                do throws(ObjectStoreError) {
                    try time.check(last: error)
                    try pause(min(duration, time.left), because: error)
                    step = machine.nextAfterPause()
                } catch {
                    step = machine.next(afterStop: error)
                }
            }
        }
    }

    private func time(until end: ContinuousClock.Instant) -> StoreTime {
        StoreTime(until: end, of: configuration.totalTimeout, failures: failures, cancellation: cancellation)
    }

    private mutating func perform(
        _ request: Requester.Request,
        within time: StoreTime,
        over connection: StoreConnection
    ) -> ExchangeResult {
        guard time.left > .zero else { return ExchangeResult(end: .broke(.stalled(CleanUpLimit.base))) }
        return requester.perform(request, within: time, over: connection)
    }

    private func pause(_ time: Duration, because error: ObjectStoreError) throws(ObjectStoreError) {
        logger.info(
            "store request failed; retrying",
            metadata: [
                LogKeys.error: "\(error.message)",
                LogKeys.retryAfter: "\(Double(time.milliseconds) / 1000)",
            ]
        )
        try cancellation.pause(time)
    }
}

private enum CleanUpLimit {
    /// The base of the time-out for the whole clean-up.
    static let base = Duration.seconds(5)
    /// The addition for each request.
    static let perRequest = Duration.milliseconds(50)
}
