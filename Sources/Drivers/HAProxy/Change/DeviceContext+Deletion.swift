// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SteelyardSystem

extension DeviceContext {
    /// Commits a DELETE, and removes everything.
    ///
    /// - Throws: `DriverError`; the next try removes the rest.
    func delete() async throws(DriverError) {
        // First of all: if a crash interrupts the rest, the next start continues it.
        if store.state != .deleted { try await commitDeletion() }
        try await removeAll()
        logger.notice("the load balancer was deleted")
    }

    /// Stops HAProxy, and removes every file but the state's.
    ///
    /// - Throws: `DriverError`.
    func removeAll() async throws(DriverError) {
        try await running.stop()
        try await meter.reset()
        try stateUnwritable { () throws(FileError) in
            for file in files.all { try AtomicFile.remove(file) }
        }
        try LogRemoval(files, logger).run()
    }

    /// Commits a DELETE, on a full disk too: it may be full of the very log that is to be removed.
    private func commitDeletion() async throws(DriverError) {
        do throws(DriverError) { try store.commit(store.prepare(.deleted, usesSpare: true)) } catch {
            guard store.isDiskFull else { throw error }
            logger.warning("the disk is full; removing HAProxy's files before the state says so")
            // Where this fails, the state still says that HAProxy should serve, and the reconciler brings it back.
            try await running.stop()
            try stateUnwritable { () throws(FileError) in
                for file in [files.startLog, files.lastGood, files.candidate] { try AtomicFile.remove(file) }
            }
            try LogRemoval(files, logger).run()
            try store.commit(.deleted)
        }
    }
}
