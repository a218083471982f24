// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SteelyardSystem

extension DeviceContext {
    /// Commits a DELETE and removes everything.
    ///
    /// - Throws: `DriverError`; the next attempt removes the rest.
    func delete() async throws(DriverError) {
        // First: after a crash, the next start completes the deletion.
        if store.state != .deleted { try await commitDeletion() }
        try await removeAll()
        logger.notice("load balancer deleted")
    }

    /// Stops HAProxy and removes every file except the state file.
    ///
    /// - Throws: `DriverError`.
    func removeAll() async throws(DriverError) {
        try await running.stop()
        try await meter.reset()
        try stateUnwritable { () throws(FileError) in
            for file in files.all { try AtomicFile.remove(file) }
        }
        keys.collect(keeping: nil)
        try LogRemoval(files, logger).run()
    }

    /// Commits a DELETE, also on a full disk: the log to remove may fill it.
    private func commitDeletion() async throws(DriverError) {
        do throws(DriverError) { try store.commit(store.prepare(.deleted, usesSpare: true)) } catch {
            guard store.isDiskFull else { throw error }
            logger.warning("disk full; removing HAProxy's files before the DELETE is committed")
            // If this fails, the state is still `serving`, and the reconciler restores HAProxy.
            try await running.stop()
            try stateUnwritable { () throws(FileError) in
                for file in [files.startLog, files.lastGood, files.candidate] { try AtomicFile.remove(file) }
            }
            try LogRemoval(files, logger).run()
            try store.commit(.deleted)
        }
    }
}
