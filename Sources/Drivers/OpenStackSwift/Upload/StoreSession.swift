// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore

/// Carries out the steps of a state machine, within the time that there is.
///
/// It blocks the thread that it is called on.
struct StoreSession {
    /// The longest time for cleaning up, all requests together.
    private static let cleanUpLimit = Duration.seconds(5)
    /// What each segment that is to be removed adds to it.
    private static let cleanUpLimitPerSegment = Duration.milliseconds(50)

    private let upload: UploadID
    private let failures: StoreFailures
    private let configuration: OpenStackSwiftConfiguration
    private let connections: StoreConnectionPool
    private let logger: Logger
    private let cancellation: UploadCancellation
    private let makeBody: () throws(ObjectStoreError) -> any ObjectBody
    /// The content that segments are taken of.
    private var content: Content?
    /// What a request has begun that was refused before any of it was sent, such as one whose container is missing.
    ///
    /// The next request goes on with it: a body that is begun anew has to read the log by itself.
    private var untouched: Content?

    private var address: ObjectAddress { failures.address }

    /// Creates a session.
    ///
    /// - Parameters:
    ///   - cancellation: Ends it early, but for cleaning up.
    ///   - makeBody: Begins the content.
    init(
        upload: UploadID,
        failures: StoreFailures,
        configuration: OpenStackSwiftConfiguration,
        connections: StoreConnectionPool,
        logger: Logger,
        cancellation: UploadCancellation,
        makeBody: @escaping () throws(ObjectStoreError) -> any ObjectBody
    ) {
        self.upload = upload
        self.failures = failures
        self.configuration = configuration
        self.connections = connections
        self.logger = logger
        self.cancellation = cancellation
        self.makeBody = makeBody
    }

    /// Goes on until the machine has finished.
    mutating func run<Machine: StoreStateMachine>(
        _ machine: consuming Machine
    ) throws(ObjectStoreError) -> Machine.Success {
        let connection = try connections.take(for: address.endpoint)
        defer { connections.give(back: connection, for: address.endpoint) }
        let end = ContinuousClock.now + configuration.totalTimeout
        var cleanUpEnd: ContinuousClock.Instant?
        var lastError: ObjectStoreError?
        var step = machine.begin()
        while true {
            if !machine.keepsContent { content = nil }
            switch step {
            case .finish(let result):
                if case .success = result, machine.cleanUpCount > 0 { warnOfRemains() }
                return try result.get()
            case .request(let request) where request.isCleanUp:
                let limit = Self.cleanUpLimit + Self.cleanUpLimitPerSegment * machine.cleanUpCount
                let end = cleanUpEnd ?? .now + limit
                cleanUpEnd = end
                step = machine.next(after: perform(request, until: end, over: connection))
            case .request(let request):
                cleanUpEnd = nil
                do throws(ObjectStoreError) {
                    try checkTime(until: end, lastError)
                    step = machine.next(after: perform(request, until: end, over: connection))
                } catch {
                    step = machine.next(afterStop: error)
                }
            case .pause(let time, let error):
                cleanUpEnd = nil
                // Other objects would wait for it.
                untouched = nil
                lastError = error
                do throws(ObjectStoreError) {
                    try checkTime(until: end, error)
                    try pause(min(time, end - .now), because: error)
                    step = machine.nextAfterPause()
                } catch {
                    step = machine.next(afterStop: error)
                }
            }
        }
    }

    private func checkTime(until end: ContinuousClock.Instant, _ last: ObjectStoreError?) throws(ObjectStoreError) {
        try cancellation.check()
        guard end > .now else { throw failures.outOfTime(configuration.totalTimeout, last: last) }
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

    private func warnOfRemains() {
        let place = StoreText.line(failures.segmentsFolder, hiding: "")
        logger.warning(
            "object stored, but segments of an earlier attempt could not be removed",
            metadata: [LogKeys.objectPath: "\(place)"]
        )
    }

    private mutating func perform(
        _ request: StoreRequest,
        until end: ContinuousClock.Instant,
        over connection: StoreConnection
    ) -> ExchangeResult {
        do throws(ObjectStoreError) {
            let content = try content(for: request)
            if let content {
                // A long log may take minutes to its first line for this object. A store or a proxy gives up a request
                // that is silent for so long.
                _ = try content.isAtEnd()
                try checkTime(until: end, nil)
            }
            let limit = end - .now
            guard limit > .zero else { return ExchangeResult(end: .broke(.stalled(Self.cleanUpLimit))) }
            let http = request.http(for: upload, at: address, limit: limit, cancellation: cancellation) {
                (extent) throws(ObjectStoreError) in
                guard let content else { throw ObjectStoreError(.sourceFailed, "the object's content is not there") }
                return try ContentPart(of: content, extent: extent)
            }
            guard let http else {
                untouched = nil
                return try count(until: end)
            }
            var result = connection.perform(http, failures: failures)
            if let content { untouched = content.isUntouched ? content : nil }
            if case .putSegment = request, result.sent != nil, result.isLast { result.whole = content?.finish() }
            return result
        } catch {
            return ExchangeResult(end: .stopped(error))
        }
    }

    /// The content that a request sends, begun anew or gone on with; nil if it sends none.
    private mutating func content(for request: StoreRequest) throws(ObjectStoreError) -> Content? {
        switch request {
        case .putObject: return try begin()
        case .putSegment(let name, _):
            if name.number == 0 {
                // The old body is released first: the new one may wait for what the old one holds.
                content = nil
                content = try begin()
                try content?.countWhole()
            }
            return content
        default: return nil
        }
    }

    /// Begins the content anew, or goes on with one that is untouched.
    private mutating func begin() throws(ObjectStoreError) -> Content {
        if let known = untouched {
            untouched = nil
            return known
        }
        return try Content(makeBody: makeBody)
    }

    private func count(until end: ContinuousClock.Instant) throws(ObjectStoreError) -> ExchangeResult {
        let byteCount = try Content(makeBody: makeBody).count { () throws(ObjectStoreError) in
            try checkTime(until: end, nil)
        }
        return ExchangeResult(end: .counted(byteCount))
    }
}
