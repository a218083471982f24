// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SystemPackage

/// Why a socket of HAProxy does not answer.
enum SocketFailure: Error, Hashable {
    /// No process listens; also for some 40 ms while the master re-executes itself.
    case absent
    /// A process listens but does not answer in time.
    case silent
    /// A system error.
    case system(Errno)

    /// The error for the caller; `process` names the queried process.
    func described(_ process: String) -> DriverError {
        switch self {
        case .absent: DriverError(.notRunning, "\(process) does not run")
        case .silent: DriverError(.timedOut, "\(process) does not answer on its socket")
        // The master gives its socket this owner and mode again at each reload.
        case .system(.permissionDenied):
            DriverError(
                .unavailable,
                "cannot query \(process): permission denied on its socket; give the agent's group access by the option -S, and "
                    + "restart haproxy.service"
            )
        case .system(let reason): DriverError(.unavailable, "cannot query \(process): \(reason)")
        }
    }
}
