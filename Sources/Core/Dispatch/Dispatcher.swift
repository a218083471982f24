// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Logging
import Synchronization

/// Handles messages: takes a message's bytes and returns the reply.
///
/// Changes of the device run one at a time, in the order of arrival. STATS, METRICS, DISCOVER and DIAGNOSTICS do not
/// wait for changes or ARCHIVEs. An ARCHIVE opens the log in turn, so that a later DELETE removes nothing from it. A
/// large message is decoded on another thread than the caller's, and keeps its place in the order.
package final class Dispatcher: Sendable {
    /// The parts that a reload replaces; a message being processed keeps the old ones.
    private struct Parts {
        var archiver: (any LogArchiver)?
        var diagnostics: any DeviceDiagnostics
        var limits: MessageLimits
    }

    /// The maximum number of waiting changes.
    private static let greatestWaitingChanges = 1000
    /// The maximum number of ARCHIVEs waiting for the running one.
    private static let greatestWaitingArchives = 32
    /// The maximum time that a METRICS waits for the delivery of another.
    private static let reportLimit = Duration.milliseconds(800)

    private let driver: any LoadBalancerDriver
    private let driverName: String
    private let parts: Mutex<Parts>
    private let release: Release
    private let isDryRun: Bool
    private let logger: Logger
    private let observers: [any JobObserver]
    private let intake: MessageIntake
    private let archiveCount = Atomic(0)
    private let changes = Atomic(0)
    /// Whether a DELETE may be incomplete.
    private let hasInterruptedDeletion = Atomic(false)
    private let reports = SerialGate()

    /// Creates a dispatcher.
    ///
    /// - Parameters:
    ///   - driver: The device's driver.
    ///   - driverName: The driver's registered name.
    ///   - archiver: Archives the logs; nil if ARCHIVE is not supported.
    ///   - stores: The types of stores that an ARCHIVE may name.
    ///   - certificates: Reads the certificates of an UPDATE.
    ///   - diagnostics: Probes the network.
    ///   - release: The build that DISCOVER reports.
    ///   - limits: The maximum sizes of a message.
    ///   - isDryRun: Whether changes are only previewed, and replies are marked so.
    ///   - logger: Receives one line per message, without payload or token.
    ///   - observers: Receive a record of each message.
    package init(
        driver: any LoadBalancerDriver,
        driverName: String,
        archiver: (any LogArchiver)?,
        stores: [StoreFormat] = [],
        certificates: any CertificateReader = NoCertificateReader(),
        diagnostics: any DeviceDiagnostics,
        release: Release,
        limits: MessageLimits = MessageLimits(),
        isDryRun: Bool = false,
        logger: Logger,
        observers: [any JobObserver] = []
    ) {
        self.driver = driver
        self.driverName = driverName
        parts = Mutex(Parts(archiver: archiver, diagnostics: diagnostics, limits: limits))
        self.release = release
        intake = MessageIntake(stores: stores, certificates: certificates)
        self.isDryRun = isDryRun
        self.logger = logger
        self.observers = observers
    }

    /// The number of changes started.
    package var changeCount: Int { changes.load(ordering: .relaxed) }

    private var archiver: (any LogArchiver)? { parts.withLock { $0.archiver } }
    private var diagnostics: any DeviceDiagnostics { parts.withLock { $0.diagnostics } }
    /// The maximum sizes of a message.
    package var limits: MessageLimits { parts.withLock { $0.limits } }

    /// Replaces parts for later messages.
    ///
    /// - Parameters:
    ///   - archiver: Archives the logs; nil if ARCHIVE is not supported.
    ///   - diagnostics: Probes the network.
    ///   - limits: The maximum sizes of a message.
    package func replace(archiver: (any LogArchiver)?, diagnostics: any DeviceDiagnostics, limits: MessageLimits) {
        parts.withLock { parts in
            parts = Parts(
                archiver: parts.archiver.map { old in archiver?.replacing(old) } ?? archiver,
                diagnostics: diagnostics,
                limits: limits
            )
        }
    }

    /// Completes an interrupted DELETE of an earlier agent; call it before the first message.
    package func recover() async {
        hasInterruptedDeletion.store(true, ordering: .relaxed)
        do throws(DriverError) { try await forgetInterruptedDeletion() } catch {
            logger.error("archive state of deleted load balancers not removed", metadata: [LogKeys.error: "\(error)"])
        }
    }

    /// Returns the reply to a payload that exceeds the limit, without reading it.
    ///
    /// - Returns: nil if the size is allowed.
    package func refuse(byteCount: Int, job: any JobContext) -> Outcome? {
        tooLarge(byteCount).map { end(receive(job), nil, $0) }
    }

    /// Returns the reply to a payload that was not read because too much memory is used by running messages.
    package func refuseForNow(byteCount: Int, job: any JobContext) -> Outcome {
        refuse(
            busy: "no memory for a message of \(byteCount) bytes while others are processed; send it again",
            job: job
        )
    }

    /// The reply to a message that cannot be processed now.
    ///
    /// - Parameter busy: Why, and what to do.
    package func refuse(busy: String, job: any JobContext) -> Outcome {
        end(receive(job), nil, ActionFailure(.busy, busy))
    }

    /// Executes a message.
    ///
    /// - Parameters:
    ///   - payload: The message's bytes, valid or not.
    ///   - job: The message's job.
    /// - Returns: The reply; there is always one.
    package func handle(_ payload: [UInt8], job: any JobContext) async -> Outcome {
        let receipt = receive(job)
        if let failure = tooLarge(payload.count) { return end(receipt, nil, failure) }
        let incoming: MessageIntake.Incoming
        do throws(MessageIntake.Refusal) { incoming = try await intake.read(payload, limits) } catch {
            return end(receipt, error.document, error.failure)
        }
        defer { incoming.place?.leave() }
        let (document, message) = (incoming.document, incoming.message)
        receipt.job.begin(message.action.kind)
        do throws(ActionFailure) {
            let done = try await perform(message, incoming.place, job)
            report(receipt.record(message, archived: done.archived, isDryRun: isDryRun))
            return Outcome(
                Reply(to: document, passed: true, fields: marked(done.fields)),
                hasEffect: incoming.place != nil,
                delivered: done.delivered
            )
        } catch {
            return end(receipt, document, error, message)
        }
    }

    private func tooLarge(_ byteCount: Int) -> ActionFailure? {
        let limit = limits.messageBytes
        guard byteCount > limit else { return nil }
        return ActionFailure(.messageTooLarge, "the message has \(byteCount) bytes; the limit is \(limit)")
    }

    private func receive(_ job: any JobContext) -> JobReceipt {
        for observer in observers { observer.jobBegan() }
        return JobReceipt(job)
    }

    private func end(
        _ receipt: JobReceipt,
        _ document: JSONDocument?,
        _ failure: ActionFailure,
        _ message: Message? = nil
    ) -> Outcome {
        let action = message?.action.kind ?? document?.action
        report(receipt.record(message, action: action, failure: failure, isDryRun: isDryRun))
        return Outcome(Reply(to: document, error: failure.message, fields: marked(failure.replyFields)))
    }

    private func report(_ record: JobRecord) {
        record.log(to: logger)
        for observer in observers { observer.jobEnded(record) }
    }

    private func marked(_ fields: [JSONFragment.Member]) -> [JSONFragment.Member] {
        isDryRun ? fields + [.init("hpcs_dry_run", .boolean(true))] : fields
    }
}

// MARK: - The actions

extension Dispatcher {
    /// An action's result.
    private struct Done: Sendable {
        var fields: [JSONFragment.Member] = []
        var delivered: (@Sendable () async -> Void)?
        var archived: [ArchivedObject] = []
    }

    private func perform(
        _ message: Message,
        _ place: SerialGate.Place?,
        _ job: any JobContext
    ) async throws(ActionFailure) -> Done {
        switch message.action {
        case .update(let wanted): try await change(.apply(wanted), message, place)
        case .suspend: try await change(.suspend, message, place)
        case .enable: try await change(.enable, message, place)
        case .delete: try await change(.delete, message, place)
        case .stats: return try await stats(message)
        case .metrics: return try await metrics(message)
        case .discover:
            return Done(fields: [
                .init("version", .string(release.version)), .init("release", .string(release.release)),
                .init("features", .array(driver.features.map { .string($0.description) })),
            ])
        case .diagnostics:
            let report = await diagnostics.run()
            return Done(fields: report.fields + [.init("release", .string(release.release))])
        case .archive(let request): return try await archive(request, message, place, job)
        }
        return Done()
    }

    private func change(
        _ change: DeviceChange,
        _ message: Message,
        _ place: SerialGate.Place?
    ) async throws(ActionFailure) {
        if intake.waitingChanges > Self.greatestWaitingChanges {
            throw ActionFailure(
                .busy,
                "\(Self.greatestWaitingChanges) changes are already waiting; send it again later"
            )
        }
        await place?.wait()
        changes.add(1, ordering: .relaxed)
        // Checked only now, because an earlier change in the queue may raise the version.
        if case .apply(let wanted) = change { try await requireCurrent(wanted.version, message) }
        try await driven(message) { () throws(DriverError) in
            if isDryRun {
                let difference = try await driver.preview(change)
                logger.notice("dry run", metadata: [LogKeys.difference: "\(difference)"])
                return
            }
            switch change {
            case .apply(let wanted):
                try await forgetInterruptedDeletion()
                try await driver.apply(wanted)
            case .suspend: try await driver.suspend()
            case .enable: try await driver.enable()
            case .delete:
                hasInterruptedDeletion.store(true, ordering: .relaxed)
                try await driver.delete()
                try archiver?.forget()
                hasInterruptedDeletion.store(false, ordering: .relaxed)
            }
        }
    }

    /// Removes the archive state of load balancers whose interrupted DELETE the driver has completed.
    private func forgetInterruptedDeletion() async throws(DriverError) {
        guard hasInterruptedDeletion.load(ordering: .relaxed) else { return }
        let status: DeviceStatus?
        do throws(DriverError) { status = try await driver.status() } catch { status = nil }
        if case .deleted? = status { try archiver?.forget() }
        hasInterruptedDeletion.store(false, ordering: .relaxed)
    }

    /// Rejects an UPDATE whose version is lower than the device's.
    private func requireCurrent(_ version: ConfigurationVersion?, _ message: Message) async throws(ActionFailure) {
        guard let version, let current = try await currentVersion(message), version < current else { return }
        throw ActionFailure(staleVersion: version, current: current)
    }

    private func currentVersion(_ message: Message) async throws(ActionFailure) -> ConfigurationVersion? {
        try await driven(message) { () throws(DriverError) in try await driver.configurationVersion() }
    }

    private func stats(_ message: Message) async throws(ActionFailure) -> Done {
        // Read before the nodes: during a change, the reply must not contain a version that is not served yet.
        let version = try await currentVersion(message)
        let versionField = version.map { [JSONFragment.Member("config_version", .integer(Int64($0.number)))] } ?? []
        let status = try await driven(message, { () throws(DriverError) in try await driver.status() })
        func common() async -> [JSONFragment.Member] {
            let proxy = await driver.proxyStatus()
            let certificates = await driver.certificates()
            let list = JSONFragment.array(certificates.map { $0.json(at: .now) })
            return versionField + [proxy?.member].compactMap(\.self)
                + (certificates.isEmpty ? [] : [.init("certificates", list)])
        }
        switch status {
        case .serving(let nodes):
            return Done(fields: [.init("nodes", .array(nodes.map(\.json)))] + (await common()))
        case .suspended:
            return Done(fields: [.init("status", .string("SUSPENDED"))] + (await common()))
        case .deleted:
            throw ActionFailure(
                .alreadyDeleted,
                message,
                driverName
            )
        case .notConfigured:
            throw ActionFailure(
                .nothingConfigured,
                message,
                driverName
            )
        }
    }

    private func metrics(_ message: Message) async throws(ActionFailure) -> Done {
        // Until this report is delivered or lost, another would contain the same bytes.
        guard let turn = await reports.turn(within: Self.reportLimit) else {
            throw ActionFailure(.busy, "the reply to another METRICS is still being delivered; send it again")
        }
        let report = try await driven(message) { () throws(DriverError) in try await driver.usage() }
        let entries = report.summedEntries.map { entry in
            JSONFragment.object(
                [.init("protocol", .string(entry.proxyKind.rawValue))]
                    + (entry.key.id.map { [.init("id", .string($0.description))] } ?? [])
                    + [.init("bytes_out", .integer(Int64(clamping: entry.bytesOut)))]
            )
        }
        let fields: [JSONFragment.Member] = [
            .init("utc_start", .string(report.start.description)),
            .init("utc_end", .string(report.end.description)),
            .init("loadBalancers", .array(entries)),
        ]
        guard !isDryRun else { return Done(fields: fields) }
        let job = CurrentJob.current
        return Done(fields: fields) { [driver, logger] in
            await CurrentJob.$current.withValue(job) {
                do throws(DriverError) { try await driver.commit(report) } catch {
                    logger.error(
                        "usage not committed; it will be reported again",
                        metadata: [LogKeys.error: "\(error)"]
                    )
                }
            }
            turn.end()
        }
    }

    private func archive(
        _ request: ArchiveRequest,
        _ message: Message,
        _ place: SerialGate.Place?,
        _ job: any JobContext
    ) async throws(ActionFailure) -> Done {
        guard let archiver else { throw ActionFailure(.unsupported, "this agent does not archive logs") }
        let count = archiveCount.add(1, ordering: .relaxed).newValue
        defer { archiveCount.subtract(1, ordering: .relaxed) }
        guard count <= Self.greatestWaitingArchives + 1 else {
            throw ActionFailure(
                .busy,
                "\(Self.greatestWaitingArchives) ARCHIVEs are already waiting; send it again later"
            )
        }
        // The archiver's state must reflect every earlier DELETE and no later one.
        await place?.wait()
        let outcome = await archiver.archive(request, job: job, logger: logger) {
            [driver] () async throws(DriverError) in
            let log = try await driver.openLog()
            place?.leave()
            return log
        }
        switch outcome.failure {
        case nil: return Done(fields: outcome.fields, archived: outcome.objects)
        case .log(let error): throw ActionFailure(error, message, driverName)
        case .store(let error): throw ActionFailure(error, otherFields: outcome.fields)
        }
    }

    private func driven<Success>(
        _ message: Message,
        _ body: () async throws(DriverError) -> Success
    ) async throws(ActionFailure) -> Success {
        do { return try await body() } catch { throw ActionFailure(error, message, driverName) }
    }
}

extension JSONDocument {
    /// The action of an invalid message; nil if it is unreadable, too.
    fileprivate var action: ActionKind? { root.string(of: "hpcs_action").flatMap { try? ActionKind(named: $0) } }
}

extension NodeStatus {
    fileprivate var json: JSONFragment {
        var members: [JSONFragment.Member] = [
            .init("id", .string(id.description)), .init("status", .string(state.rawValue)),
        ]
        if let listenerProtocol { members.append(.init("protocol", .string(listenerProtocol.rawValue))) }
        if let loadBalancer { members.append(.init("load_balancer_id", .string(loadBalancer.description))) }
        if let pool { members.append(.init("pool_id", .string(pool.description))) }
        if let reason { members.append(.init("reason", .string(reason))) }
        if let since { members.append(.init("since", .string(since.description))) }
        return .object(members)
    }
}
