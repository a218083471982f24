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
    private let master: HAProxyMaster
    private let unit: SystemdUnit
    /// How long a master that systemd runs already may need for its socket.
    private static let socketPatience = Duration.seconds(2)

    init(_ configuration: HAProxyConfiguration, limits: ServiceLimits = ServiceLimits()) {
        self.limits = limits
        files = DeviceFiles(configuration)
        master = HAProxyMaster(files)
        unit = SystemdUnit("haproxy.service", systemctl: configuration.systemctl, within: limits.manager)
    }

    func processes(by deadline: Deadline) throws(DriverError) -> ProcessTable? {
        try master.processes(by: deadline)
    }

    func ask(_ command: String, worker: Int32?, by deadline: Deadline) throws(DriverError) -> String {
        try master.ask(command, worker: worker, by: deadline)
    }

    func start(_ rendered: RenderedConfiguration) async throws(DriverError) {
        if try await unit.isActive() {
            // systemd has started it again by itself, or it runs with a configuration of somebody else's.
            try waitForSocket(by: .after(Self.socketPatience))
            return try await reload(rendered)
        }
        do throws(DriverError) {
            try await unit.start()
            let socketDeadline = Deadline.after(Self.socketPatience)
            try master.waitForStart(rendered, by: .after(limits.change + ServiceLimits.loading(rendered))) {
                () throws(DriverError) in
                if socketDeadline.hasPassed { throw noSocket }
            }
        } catch {
            // systemd would go on trying.
            await unit.giveUp()
            throw error
        }
    }

    func reload(_ rendered: RenderedConfiguration) async throws(DriverError) {
        try master.reload(rendered, within: limits, advice: unit.advice)
    }

    func stop() async throws(DriverError) {
        try await unit.stop()
        guard try processes(by: .after(limits.answer)) == nil else {
            throw DriverError(
                .unavailable,
                "HAProxy answers on \(files.masterSocket) and is not run by \(unit.name); stop it by hand"
            )
        }
        unsafe unlink(files.adminSocket.string)
    }

    private func waitForSocket(by deadline: Deadline) throws(DriverError) {
        while try processes(by: deadline) == nil {
            guard !deadline.hasPassed else { throw noSocket }
            usleep(20_000)
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
