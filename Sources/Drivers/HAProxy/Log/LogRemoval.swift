// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import LogFiles
import Logging
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// Removes the log of deleted load balancers, and begins the log of the next ones.
struct LogRemoval {
    /// How often the folders are listed if files are renamed meanwhile.
    private static let tries = 20

    private let files: DeviceFiles
    private let logger: Logger
    private let now: UTCTimestamp

    init(_ files: DeviceFiles, _ logger: Logger, now: UTCTimestamp = .now) {
        self.files = files
        self.logger = logger
        self.now = now
    }

    /// Removes the log and what was rotated of it, whatever its format.
    ///
    /// HAProxy must have ended. A log that a syslog daemon writes is emptied: the daemon continues with the file that it has
    /// open, also once that has no name any more, and appends to it.
    ///
    /// - Throws: `DriverError` with the code `stateUnwritable`, which names the first file that is left.
    func run() throws(DriverError) {
        try driverErrors {
            guard files.hasLogDaemon else { return try LogRotation.whileNoneEnds { try removeOwn() } }
            try emptyCurrent()
            let isComplete = try removeRotated()
            try write(LogStart(deletedAt: now, mark: isComplete ? nil : try mark(besidesCurrent: true)))
        }
    }

    /// Begins the log of the first load balancers after a DELETE: lines without a time that are there now are not theirs.
    ///
    /// - Throws: `DriverError` if the log cannot be read, or the state cannot be written.
    func beginNext() throws(DriverError) {
        guard files.hasLogDaemon else { return }
        let deletedAt = (try? files.readLogStart())?.deletedAt ?? now
        if deletedAt > now {
            logger.warning(
                "the clock was set back since the DELETE; late lines of deleted load balancers may be archived"
            )
        }
        try driverErrors {
            try write(LogStart(deletedAt: min(deletedAt, now), mark: try mark(besidesCurrent: false)))
        }
    }

    private func driverErrors(_ body: () throws -> Void) throws(DriverError) {
        do { try body() } catch {
            switch error {
            case let error as DriverError: throw error
            case let error as LogFileError: throw error.driverError
            default:
                throw DriverError(.stateUnwritable, "\(error); give the agent's user the right to remove and write it")
            }
        }
    }

    // MARK: - Files

    private func removeOwn() throws {
        try AtomicFile.remove(files.rotatingLog)
        let (entries, failures) = try files.logFolder.listing()
        var failure: (any Error)? = failures.first
        for entry in entries where entry.name.age != .current && !Self.isFolder(entry.path) {
            do { try AtomicFile.remove(entry.path, isFlushed: false) } catch { failure = failure ?? error }
        }
        // With it, the removals before it are flushed to the disk.
        try AtomicFile.remove(files.log)
        if let failure { throw failure }
    }

    private func emptyCurrent() throws {
        do {
            let descriptor = try FileDescriptor.open(files.log, .writeOnly, options: [.closeOnExec, .nonBlocking])
            try descriptor.closeAfter { try descriptor.resize(to: 0) }
        } catch Errno.noSuchFileOrDirectory {
        } catch {
            throw DriverError(
                .stateUnwritable,
                "cannot empty haproxy.log \(files.log): \(error); give the agent's user the right to write it"
            )
        }
    }

    /// Removes what was rotated; a file that belongs to the system alone is left.
    ///
    /// - Returns: Whether all are removed.
    private func removeRotated() throws -> Bool {
        var kept: Set<FilePath> = []
        var failure: (any Error)?
        for _ in 0..<Self.tries {
            let (listed, failures) = try files.logFolder.listing()
            failure = failure ?? failures.first
            let entries = listed.filter {
                $0.name.age != .current && !kept.contains($0.path) && !Self.isFolder($0.path)
            }
            guard !entries.isEmpty else { break }
            for entry in entries {
                guard entry.name.age != .unknown else {
                    // It may be a file of the operator's in a folder of the system.
                    kept.insert(entry.path)
                    logger.warning(
                        "a file whose name begins with the log's is left; archives leave out what it has now",
                        metadata: [LogKeys.file: "\(entry.path)"]
                    )
                    continue
                }
                do { try remove(entry.path) } catch {
                    kept.insert(entry.path)
                    if let error = error as? FileError, Self.isRefusal(error.reason) {
                        logger.warning(
                            "a rotated log of a deleted load balancer cannot be removed; archives leave it out",
                            metadata: [LogKeys.file: "\(entry.path)", LogKeys.error: "\(error)"]
                        )
                    } else {
                        failure = failure ?? error
                    }
                }
            }
        }
        if let failure { throw failure }
        return kept.isEmpty
    }

    private func remove(_ path: FilePath) throws {
        do { try AtomicFile.remove(path, isFlushed: false) } catch {
            guard Self.isRefusal(error.reason),
                let descriptor = try? FileDescriptor.open(
                    path,
                    .writeOnly,
                    options: [.closeOnExec, .nonBlocking, .noFollow]
                )
            else { throw error }
            // The right to write the file is enough to remove its content.
            guard (try? descriptor.closeAfter { try descriptor.resize(to: 0) }) != nil else { throw error }
        }
    }

    private static func isRefusal(_ reason: Errno) -> Bool {
        [.permissionDenied, .notPermitted, .readOnlyFileSystem].contains(reason)
    }

    private static func isFolder(_ path: FilePath) -> Bool {
        var information = stat()
        return unsafe lstat(path.string, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
    }

    // MARK: - The beginning of the next log

    /// Whole files: half a line of the deleted load balancer is not the next one's.
    private func mark(besidesCurrent: Bool) throws -> LogMark? {
        let opened = try files.logFolder.open(keepsTwins: true).files.filter {
            !besidesCurrent || $0.name.age != .current
        }
        let places = try LogPlaces(wholeOf: opened)
        return places.isEmpty ? nil : places.mark
    }

    private func write(_ start: LogStart) throws {
        try AtomicFile.makeFolder(files.stateFolder)
        try AtomicFile.write(Array(start.text.utf8), to: files.logStart)
    }
}
