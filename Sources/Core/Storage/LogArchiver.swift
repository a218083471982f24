// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Logging

/// Ships the logs that an ARCHIVE asks for.
package protocol LogArchiver: Sendable {
    /// Ships the logs of all load balancers of a request.
    ///
    /// Opening a log may take long: it is done on a thread of the archiver's own.
    ///
    /// - Parameters:
    ///   - request: What was asked for.
    ///   - job: Says whether the agent is stopping, and takes the progress in bytes of log.
    ///   - logger: Takes one line for each object.
    ///   - openLog: Opens the device's log; called once, before the archiver waits for its turn.
    /// - Returns: What was stored, and the first error; what was stored before an error stays.
    func archive(
        _ request: ArchiveRequest,
        job: any JobContext,
        logger: Logger,
        openLog: @escaping @Sendable () async throws(DriverError) -> any OpenedLog
    ) async -> ArchiveOutcome

    /// Forgets what has been archived, because the load balancers are deleted. An ARCHIVE in progress notes nothing
    /// afterwards.
    ///
    /// - Throws: `DriverError` with the code `stateUnwritable`.
    func forget() throws(DriverError)

    /// Takes over from another archiver when the configuration is reloaded.
    ///
    /// - Returns: An archiver with this one's settings that takes turns with the other.
    func replacing(_ other: any LogArchiver) -> any LogArchiver
}
