// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// Runs HAProxy as systemd's unit haproxy.service, which Debian's package brings.
///
/// Only starting and stopping is systemd's: a reload goes through the master's socket, so that its success is known.
struct SystemdService: HAProxyService {
    private let files: DeviceFiles
    private let limits: ServiceLimits
    private let unit: SystemdUnit
    /// How long a master that systemd runs already may need for its socket.
    private static let socketTimeout = Duration.seconds(2)

    init(_ configuration: HAProxyConfiguration, limits: ServiceLimits = ServiceLimits()) {
        self.limits = limits
        files = DeviceFiles(configuration)
        unit = SystemdUnit("haproxy.service", systemctl: configuration.systemctl, within: limits.manager)
    }

    func start(
        _ rendered: RenderedConfiguration,
        over session: HAProxySession,
        within limit: Duration
    ) async throws(DriverError) -> Int32 {
        if try await unit.isActive() {
            // One that has lost the file of its socket cannot be asked to reload.
            if case .unreachable = try session.findMaster(by: .after(limits.answer)) {
                try await unit.stop()
            } else {
                // systemd has started it again by itself, or it runs with another configuration.
                try waitForSocket(session, by: .after(Self.socketTimeout))
                return try await reload(rendered, over: session)
            }
        }
        do throws(DriverError) {
            try await unit.start(within: limit + ServiceLimits.loading(rendered))
            let socketDeadline = Deadline.after(Self.socketTimeout)
            return try session.waitForStart(rendered, by: .after(limit + ServiceLimits.loading(rendered))) {
                () throws(DriverError) in
                if socketDeadline.hasPassed { throw noSocket }
            }
        } catch {
            // systemd would go on trying.
            await unit.giveUp()
            throw error
        }
    }

    func reload(_ rendered: RenderedConfiguration, over session: HAProxySession) async throws(DriverError) -> Int32 {
        try session.reload(rendered, within: limits, advice: unit.advice)
    }

    func stop(over session: HAProxySession) async throws(DriverError) {
        try await unit.stop()
        guard session.livingMaster == nil else {
            throw DriverError(
                .unavailable,
                "HAProxy has bound \(files.masterSocket) and is not run by \(unit.name); stop it by hand"
            )
        }
        unsafe unlink(files.adminSocket.string)
    }

    func lastWords() -> String { unit.advice }

    private func waitForSocket(_ session: HAProxySession, by deadline: Deadline) throws(DriverError) {
        while try session.processes(by: deadline) == nil {
            guard !deadline.hasPassed else { throw noSocket }
            session.pause()
        }
    }

    private var noSocket: DriverError {
        DriverError(
            .unavailable,
            "\(unit.name) runs, and HAProxy does not listen on \(files.masterSocket); give the unit -S with "
                + "haproxy.master_socket, or set that to what it has"
        )
    }
}
