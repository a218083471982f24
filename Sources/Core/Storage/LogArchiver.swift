// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Logging

/// Stores the logs requested by ARCHIVE messages in an object store.
package protocol LogArchiver: Sendable {
    /// Archives the logs of all load balancers of a request.
    ///
    /// Opening a log may take long: it runs on the archiver's own thread.
    ///
    /// - Parameters:
    ///   - request: The contents of the message.
    ///   - job: Reports whether the agent is stopping, and receives the progress in bytes of log.
    ///   - logger: Receives one line for each object.
    ///   - openLog: Opens the device's log; called once, before the archiver waits for its turn.
    /// - Returns: The stored objects, and the first error; an error does not remove stored objects.
    func archive(
        _ request: ArchiveRequest,
        job: any JobContext,
        logger: Logger,
        openLog: @escaping @Sendable () async throws(DriverError) -> any OpenedLog
    ) async -> ArchiveOutcome

    /// Removes the archive state, because the load balancers are deleted. An ARCHIVE in progress records nothing
    /// afterwards.
    ///
    /// - Throws: `DriverError` with the code `stateUnwritable`.
    func forget() throws(DriverError)

    /// Takes over from the current archiver when the configuration is reloaded.
    ///
    /// - Returns: An archiver with this one's settings that shares the other's queue.
    func replacing(_ other: any LogArchiver) -> any LogArchiver
}
