// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// Runs HAProxy as systemd's unit haproxy.service, from Debian's package.
///
/// systemd only starts and stops HAProxy: reloads go through the master's socket, so that their result is known.
struct SystemdService: HAProxyService {
    private let files: DeviceFiles
    private let limits: ServiceLimits
    private let unit: SystemdUnit
    /// The time limit for the socket of a master that systemd already runs.
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
            // A master without its socket file cannot reload.
            if case .unreachable = try session.findMaster(by: .after(limits.answer)) {
                try await unit.stop()
            } else {
                // systemd restarted it automatically, or it runs another configuration.
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
            // Otherwise systemd would continue to restart it.
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
                "HAProxy has bound \(files.masterSocket) outside \(unit.name); stop it manually"
            )
        }
        unsafe unlink(files.adminSocket.string)
    }

    func lastWords(of master: Int32) -> String { unit.advice }

    private func waitForSocket(_ session: HAProxySession, by deadline: Deadline) throws(DriverError) {
        while try session.processes(by: deadline) == nil {
            guard !deadline.hasPassed else { throw noSocket }
            session.pause()
        }
    }

    private var noSocket: DriverError {
        DriverError(
            .unavailable,
            "\(unit.name) runs, but HAProxy does not listen on \(files.masterSocket); start the unit with -S and "
                + "that path, or set haproxy.master_socket to the unit's"
        )
    }
}
