// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Logging
package import SteelyardCore

/// Controls a device through a driver program in any language.
///
/// The program reads requests from its standard input and writes responses to its standard output: JSON-RPC 2.0, one
/// object per line. <doc:Protocol> describes each request. The first call or ``run()`` starts the program; it is
/// restarted after it has ended, and stops with the agent.
package final class ExecDriver: LoadBalancerDriver {
    private let configuration: ExecConfiguration
    private let logger: Logger
    private let keeper: ProgramKeeper
    private let version: VersionMemory

    /// Creates a driver; does not start the program yet.
    ///
    /// - Parameters:
    ///   - configuration: The configuration of the program.
    ///   - logger: Logs the program's state changes and its standard error.
    package init(configuration: ExecConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        let version = VersionMemory()
        self.version = version
        keeper = ProgramKeeper(configuration, logger) { version.set($0.version) }
    }

    deinit { keeper.stop() }

    /// Makes the program serve exactly these load balancers.
    ///
    /// - Throws: `DriverError`: the program's error; `unavailable` if it ends or violates the protocol before it
    ///   responds, and `timedOut` if it does not respond in time. The message then states what the device serves now.
    package func apply(_ wanted: LoadBalancerSet) async throws(DriverError) {
        try await change(.apply(wanted), leaving: wanted.version)
    }

    /// Makes the program stop serving.
    ///
    /// - Throws: `DriverError`, as for ``apply(_:)``.
    package func suspend() async throws(DriverError) { try await change(.suspend) }

    /// Makes the program serve again.
    ///
    /// - Throws: `DriverError`, as for ``apply(_:)``.
    package func enable() async throws(DriverError) { try await change(.enable) }

    /// Makes the program stop serving and remove its configuration and logs.
    ///
    /// - Throws: `DriverError`, as for ``apply(_:)``.
    package func delete() async throws(DriverError) { try await change(.delete, leaving: nil) }

    /// Returns the program's description of the difference that a change would make.
    ///
    /// - Throws: `DriverError`: `unsupported` if the program lacks the capability `preview`.
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

    /// Returns the states of the nodes, within 0.9 s.
    ///
    /// - Throws: `DriverError`: `timedOut` also if the program handles one request at a time and a change is running.
    package func status() async throws(DriverError) -> DeviceStatus {
        try await status(within: configuration.limits.status)
    }

    /// Returns the proxy's status from the program; nil if it lacks the capability `proxy_status`.
    package func proxyStatus() async -> ProxyStatus? {
        guard let program = keeper.running, program.description.capabilities.contains(.proxyStatus) else { return nil }
        let request = Request(method: .proxyStatus, timeout: configuration.limits.proxyStatus)
        guard case .success(let result) = await program.session.call(request) else { return nil }
        return ProxyStatus(program: result)
    }

    /// Returns the configuration version that the program last reported; queries the program only if it is unknown.
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

    /// Returns the bytes since the last committed report.
    ///
    /// - Throws: `DriverError`: `unsupported` if the program lacks the capability `usage`.
    package func usage() async throws(DriverError) -> UsageReport {
        let program = try await program(with: .usage)
        let result = try await Self.answer(program, Request(method: .usage, timeout: configuration.limits.usage))
        do throws(ProtocolFault) { return try UsageReport(program: result) } catch {
            throw Self.malformed(error.description)
        }
    }

    /// Confirms to the program that a report was delivered.
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

    /// Opens the program's log.
    ///
    /// - Throws: `DriverError`: `unsupported` if the program lacks the capability `log`.
    package func openLog() async throws(DriverError) -> any OpenedLog {
        let program = try await program(with: .log)
        let limit = configuration.limits.log
        let result = try await Self.answer(program, Request(method: .openLog, timeout: limit))
        do throws(ProtocolFault) { return try ExecLog(program.session, result, limit) } catch {
            throw Self.malformed(error.description)
        }
    }

    /// Keeps the program running until the task is cancelled; then stops it.
    package func run() async throws {
        await withTaskCancellationHandler {
            while !Task.isCancelled {
                do throws(DriverError) {
                    let program = try await keeper.program(within: configuration.limits.start + .seconds(2))
                    await keeper.waitForEnd(of: program)
                } catch {
                    // The keeper has logged the cause.
                    try? await Task.sleep(for: max(keeper.restartDelay, .milliseconds(100)))
                }
            }
        } onCancel: {
            keeper.stop()
        }
        await stop()
    }

    /// Stops the program permanently, and waits until it has ended.
    func stop() async { await keeper.stop()?.waitForEnd() }

    /// The process ID of the program that accepts requests.
    var processID: Int32? { keeper.running?.session.processID }

    /// Whether a change is running.
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

    /// Returns the states of the nodes, within a time-out.
    func status(within limit: Duration) async throws(DriverError) -> DeviceStatus {
        let deadline = ContinuousClock.now + limit
        let program = try await keeper.program(within: limit)
        let request = Request(method: .status, timeout: max(deadline - .now, .milliseconds(1)))
        let result = try await Self.answer(program, request)
        do throws(ProtocolFault) { return try DeviceStatus(program: result) } catch {
            throw Self.malformed(error.description)
        }
    }

    /// Makes a change that does not affect the configuration version.
    private func change(_ change: DeviceChange) async throws(DriverError) {
        let program = try await keeper.program(within: configuration.limits.start)
        try await make(change, program)
    }

    /// Makes a change that results in this configuration version.
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

    /// Returns the error of an interrupted change, with the state that the program reports after its restart.
    private func interrupted(_ method: Method, _ error: DriverError) async -> DriverError {
        let state: String
        do throws(DriverError) {
            let status = try await status(within: configuration.limits.recovery)
            let version = try? await configurationVersion()
            let suffix = version.map { " with config_version \($0)" } ?? ""
            state = "started again, it reports that the device \(status.summary)\(suffix)"
        } catch { state = "the device's state is unknown: \(error.message)" }
        let message = "\(error.message) during '\(method.rawValue)'; \(state)"
        logger.error("change interrupted", metadata: [LogKeys.error: "\(message)"])
        return DriverError(error.code, message)
    }
}

extension DeviceStatus {
    /// The state as a predicate of "the device".
    fileprivate var summary: String {
        switch self {
        case .serving(let nodes): "serves \(nodes.count) \(nodes.count == 1 ? "node" : "nodes")"
        case .suspended: "is suspended"
        case .deleted: "is deleted"
        case .notConfigured: "is not configured"
        }
    }
}
