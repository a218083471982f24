// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

extension HAProxyDevice {
    /// Goes back to where this driver had nothing served: what somebody else has HAProxy serve goes on.
    ///
    /// - Parameter bytes: What haproxy.cfg held; nil where there was none.
    func withdraw(restoring bytes: [UInt8]?) async throws(DriverError) {
        let deadline = Deadline.after(.seconds(2))
        // One that serves this driver's configuration cannot be sent back to another that nobody here understands.
        if try service.processes(by: deadline) != nil, try service.runningMark(by: deadline) != .foreign {
            try await service.stop()
        }
        if let bytes { return try write(bytes) }
        do throws(FileError) { try AtomicFile.remove(files.config) } catch {
            throw DriverError(.stateUnwritable, error.description)
        }
    }
}
