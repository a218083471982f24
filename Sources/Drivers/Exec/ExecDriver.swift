// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Logging
package import SteelyardCore

/// Has a program in any language make a device do what the messages ask for.
///
/// The program reads requests from its standard input and writes responses to its standard output: JSON-RPC 2.0, one
/// object a line. <doc:Protocol> describes each request. The program is started with the first call or by ``run()``, is
/// started again after it has ended, and is asked to end with the agent.
package final class ExecDriver: LoadBalancerDriver {
    private let configuration: ExecConfiguration
    private let logger: Logger
    private let keeper: ProgramKeeper
    private let version: VersionMemory

    /// Creates a driver; the program is not started yet.
    ///
    /// - Parameters:
    ///   - configuration: How the program is run.
    ///   - logger: Takes what happens to the program, and what it prints to its standard error.
    package init(configuration: ExecConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        let version = VersionMemory()
        self.version = version
        keeper = ProgramKeeper(configuration, logger) { version.set($0.version) }
    }

    deinit { keeper.stop() }

    /// Has the program serve exactly these load balancers.
    ///
    /// - Throws: `DriverError`: what the program answers; `unavailable` where it ends or breaks the protocol before it
    ///   has answered, and `timedOut` where it does not answer in time. The message then names what it serves now.
    package func apply(_ wanted: LoadBalancerSet) async throws(DriverError) {
        try await change(.apply(wanted), leaving: wanted.version)
    }

    /// Has the program stop serving.
    ///
    /// - Throws: `DriverError`, as for ``apply(_:)``.
    package func suspend() async throws(DriverError) { try await change(.suspend) }

    /// Has the program serve again.
    ///
    /// - Throws: `DriverError`, as for ``apply(_:)``.
    package func enable() async throws(DriverError) { try await change(.enable) }

    /// Has the program stop serving and forget everything.
    ///
    /// - Throws: `DriverError`, as for ``apply(_:)``.
    package func delete() async throws(DriverError) { try await change(.delete, leaving: nil) }

    /// Has the program describe what a change would make different.
    ///
    /// - Throws: `DriverError`: `unsupported` where the program lacks the capability `preview`.
    package func preview(_ change: DeviceChange) async throws(DriverError) -> String {
        let program = try await program(with: .preview)
        let request = Request(
            method: .preview,
            members: [.init("change", .string(change.method.rawValue))] + change.members,
            timeout: configuration.changeTimeout,
            progressLimit: configuration.progressLimit
        )
        let answer: JSONValue
        do throws(CallFailure) { answer = try await program.session.call(request).get() } catch {
            throw error.driverError(for: change.wanted)
        }
        guard let difference = answer.member("difference")?.string else {
            throw Self.malformed("answered 'preview' without difference, a string")
        }
        return difference.split(separator: "\n", omittingEmptySubsequences: false).prefix(Self.greatestDifference)
            .map { PrintableText.line(String($0), atMost: 4096) }.joined(separator: "\n")
    }

    /// Asks the program for the states of the nodes, within 0.9 s.
    ///
    /// - Throws: `DriverError`: `timedOut` also where the program handles one request at a time and a change is in hand.
    package func status() async throws(DriverError) -> DeviceStatus {
        try await status(within: configuration.limits.status)
    }

    /// The proxy as the program describes it; nil where it lacks the capability `proxy_status`.
    package func proxyStatus() async -> ProxyStatus? {
        guard let program = keeper.running, program.description.capabilities.contains(.proxyStatus) else { return nil }
        let request = Request(method: .proxyStatus, timeout: configuration.limits.proxyStatus)
        guard case .success(let result) = await program.session.call(request) else { return nil }
        return ProxyStatus(program: result)
    }

    /// The version that the program has reported last; it is asked only where that is not known.
    ///
    /// - Throws: `DriverError`.
    package func configurationVersion() async throws(DriverError) -> ConfigurationVersion? {
        let limit = configuration.limits.status
        let deadline = ContinuousClock.now + limit
        let program = try await keeper.program(within: limit)
        let (known, generation) = version.current
        if case .known(let version) = known { return version }
        let request = Request(method: .configurationVersion, timeout: deadline - .now)
        let result = try await Self.answer(program, request)
        do throws(ProtocolFault) {
            let found = try ConfigurationVersion.read(program: result)
            version.note(found, asOf: generation)
            return found
        } catch { throw Self.malformed(error.description) }
    }

    /// Has the program report the bytes since the last committed report.
    ///
    /// - Throws: `DriverError`: `unsupported` where the program lacks the capability `usage`.
    package func usage() async throws(DriverError) -> UsageReport {
        let program = try await program(with: .usage)
        let result = try await Self.answer(program, Request(method: .usage, timeout: configuration.limits.usage))
        do throws(ProtocolFault) { return try UsageReport(program: result) } catch {
            throw Self.malformed(error.description)
        }
    }

    /// Has the program take note that a report was delivered.
    ///
    /// - Throws: `DriverError`.
    package func commit(_ report: UsageReport) async throws(DriverError) {
        let program = try await program(with: .usage)
        let members = report.programMembers
        _ = try await Self.answer(
            program,
            Request(method: .commit, members: members, timeout: configuration.limits.usage)
        )
    }

    /// Has the program open its log.
    ///
    /// - Throws: `DriverError`: `unsupported` where the program lacks the capability `log`.
    package func openLog() async throws(DriverError) -> any OpenedLog {
        let program = try await program(with: .log)
        let limit = configuration.limits.log
        let result = try await Self.answer(program, Request(method: .openLog, timeout: limit))
        do throws(ProtocolFault) { return try ExecLog(program.session, result, limit) } catch {
            throw Self.malformed(error.description)
        }
    }

    /// Keeps the program running until the task is cancelled; then ends it.
    package func run() async throws {
        await withTaskCancellationHandler {
            while !Task.isCancelled {
                do throws(DriverError) {
                    let program = try await keeper.program(within: configuration.limits.start + .seconds(2))
                    await keeper.waitForEnd(of: program)
                } catch {
                    // The keeper has logged the reason.
                    try? await Task.sleep(for: max(keeper.restartDelay, .milliseconds(100)))
                }
            }
        } onCancel: {
            keeper.stop()
        }
        await stop()
    }

    /// Ends the program for good, and waits until it has ended.
    func stop() async { await keeper.stop()?.waitForEnd() }

    /// The process of the program that takes requests.
    var processID: Int32? { keeper.running?.session.processID }

    /// Whether a change is in hand.
    var isChanging: Bool { keeper.running?.session.change != nil }
}

// MARK: - Calls

extension ExecDriver {
    /// The most lines of a difference.
    private static let greatestDifference = 10_000

    private func program(with capability: Capability) async throws(DriverError) -> ProgramKeeper.Program {
        let program = try await keeper.program(within: configuration.limits.start)
        guard program.description.capabilities.contains(capability) else {
            throw DriverError(
                .unsupported,
                "the driver program \(program.description.name) has no \(capability.rawValue)"
            )
        }
        return program
    }

    private static func answer(
        _ program: ProgramKeeper.Program,
        _ request: Request
    ) async throws(DriverError) -> JSONValue {
        do throws(CallFailure) { return try await program.session.call(request).get() } catch {
            throw error.driverError()
        }
    }

    private static func malformed(_ reason: String) -> DriverError {
        DriverError(.unavailable, "the driver program \(reason)")
    }

    /// Asks the program for the states of the nodes, within a time.
    func status(within limit: Duration) async throws(DriverError) -> DeviceStatus {
        let deadline = ContinuousClock.now + limit
        let program = try await keeper.program(within: limit)
        let request = Request(method: .status, timeout: max(deadline - .now, .milliseconds(1)))
        let result = try await Self.answer(program, request)
        do throws(ProtocolFault) { return try DeviceStatus(program: result) } catch {
            throw Self.malformed(error.description)
        }
    }

    /// Makes a change that has no part in the version.
    private func change(_ change: DeviceChange) async throws(DriverError) {
        let program = try await keeper.program(within: configuration.limits.start)
        try await make(change, program)
    }

    /// Makes a change that leaves this version.
    private func change(
        _ change: DeviceChange,
        leaving version: ConfigurationVersion?
    ) async throws(DriverError) {
        let program = try await keeper.program(within: configuration.limits.start)
        self.version.beginChange()
        try await make(change, program)
        self.version.set(.known(version))
    }

    private func make(_ change: DeviceChange, _ program: ProgramKeeper.Program) async throws(DriverError) {
        let request = Request(
            method: change.method,
            members: change.members,
            timeout: configuration.changeTimeout,
            progressLimit: configuration.progressLimit
        )
        do throws(CallFailure) { _ = try await program.session.call(request).get() } catch {
            switch error {
            case .answered, .stopped: throw error.driverError(for: change.wanted)
            case .timedOut, .ended: throw await interrupted(change.method, error.driverError())
            }
        }
    }

    /// The error of a change whose outcome the program has not reported: with what it serves after its next start.
    private func interrupted(_ method: Method, _ error: DriverError) async -> DriverError {
        let state: String
        do throws(DriverError) {
            let status = try await status(within: configuration.limits.recovery)
            state = "started again, it reports that the device \(status.summary)"
        } catch { state = "what the device serves now is not known: \(error.message)" }
        let message = "\(error.message), during '\(method.rawValue)'; \(state)"
        logger.error("change interrupted", metadata: [LogKeys.error: "\(message)"])
        return DriverError(error.code, message)
    }
}

extension DeviceStatus {
    /// The state as the end of a sentence that begins with "the device".
    fileprivate var summary: String {
        switch self {
        case .serving(let nodes): "serves \(nodes.count) \(nodes.count == 1 ? "node" : "nodes")"
        case .suspended: "is suspended"
        case .deleted: "is deleted"
        case .notConfigured: "is not configured"
        }
    }
}
