// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArchivingTestSupport
import NoOpDriver
import SteelyardCore
import Synchronization

/// Records its calls and forwards them to an in-memory driver; can block or fail.
final class RecordingDriver: LoadBalancerDriver {
    private struct State {
        var events: [String] = []
        var changing = 0
        var mostAtOnce = 0
        var logLines: [ProxyKind: [String]] = [:]
        var usage: UsageReport?
    }

    private let state = Mutex(State())
    private let device: any LoadBalancerDriver
    private let failure: (@Sendable (String) -> DriverError?)?
    private let pause: (@Sendable (String) async -> Void)?

    /// Creates a driver.
    ///
    /// - Parameters:
    ///   - device: The driver that answers.
    ///   - failure: Returns the error of a call, or nil.
    ///   - pause: Runs at the start of a call; may block.
    init(
        device: any LoadBalancerDriver = NoOpDriver(),
        failure: (@Sendable (String) -> DriverError?)? = nil,
        pause: (@Sendable (String) async -> Void)? = nil
    ) {
        self.device = device
        self.failure = failure
        self.pause = pause
    }

    /// The calls, in the order in which they started.
    var events: [String] { state.withLock { $0.events } }
    /// The greatest number of changes that ran at the same time.
    var mostAtOnce: Int { state.withLock { $0.mostAtOnce } }

    func setLog(of proxyKind: ProxyKind, _ lines: [String]) { state.withLock { $0.logLines[proxyKind] = lines } }
    func setUsage(_ report: UsageReport) { state.withLock { $0.usage = report } }

    func apply(_ wanted: LoadBalancerSet) async throws(DriverError) {
        try await change("apply \(wanted.loadBalancers.map(\.port.description).joined(separator: ","))")
        defer { changed() }
        try await device.apply(wanted)
    }

    func suspend() async throws(DriverError) {
        try await change("suspend")
        defer { changed() }
        try await device.suspend()
    }

    func enable() async throws(DriverError) {
        try await change("enable")
        defer { changed() }
        try await device.enable()
    }

    func delete() async throws(DriverError) {
        try await change("delete")
        defer { changed() }
        try await device.delete()
        state.withLock { $0.logLines = [:] }
    }

    func preview(_ change: DeviceChange) async throws(DriverError) -> String {
        try await note("preview")
        return try await device.preview(change)
    }

    func status() async throws(DriverError) -> DeviceStatus {
        try await note("status")
        return try await device.status()
    }

    func proxyStatus() async -> ProxyStatus? { await device.proxyStatus() }

    /// Not recorded: it accompanies other calls.
    func configurationVersion() async throws(DriverError) -> ConfigurationVersion? {
        if let error = failure?("version") { throw error }
        return try await device.configurationVersion()
    }

    func usage() async throws(DriverError) -> UsageReport {
        try await note("usage")
        if let report = state.withLock({ $0.usage }) { return report }
        return try await device.usage()
    }

    func commit(_ report: UsageReport) async throws(DriverError) {
        try await note("commit")
        try await device.commit(report)
    }

    func openLog() async throws(DriverError) -> any OpenedLog {
        try await note("open")
        let lines = state.withLock { $0.logLines }
        return lines.isEmpty ? try await device.openLog() : LinesInMemory(lines)
    }

    private func note(_ event: String) async throws(DriverError) {
        state.withLock { $0.events.append(event) }
        await pause?(event)
        if let error = failure?(event) { throw error }
    }

    private func change(_ event: String) async throws(DriverError) {
        state.withLock { state in
            state.events.append(event)
            state.changing += 1
            state.mostAtOnce = max(state.mostAtOnce, state.changing)
        }
        await pause?(event)
        if let error = failure?(event) {
            changed()
            throw error
        }
    }

    private func changed() { state.withLock { $0.changing -= 1 } }
}
