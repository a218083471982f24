// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import LogFiles
import Logging
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// Removes the log of deleted load balancers, and starts the log of the next ones.
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

    /// Removes the log and its rotated files, in any format.
    ///
    /// HAProxy must have ended. A syslog daemon's log is truncated: the daemon keeps its open file, even after the file
    /// is unlinked, and appends to it.
    ///
    /// - Throws: `DriverError` with code `stateUnwritable`, which names the first remaining file.
    func run() throws(DriverError) {
        try driverErrors {
            guard files.hasLogDaemon else { return try LogRotation.whileNoneEnds { try removeOwn() } }
            try emptyCurrent()
            let isComplete = try removeRotated()
            try write(LogStart(deletedAt: now, mark: isComplete ? nil : try mark(besidesCurrent: true)))
        }
    }

    /// Starts the log of the first load balancers after a DELETE: existing lines without a time do not belong to them.
    ///
    /// - Throws: `DriverError` if the log cannot be read or the state cannot be written.
    func beginNext() throws(DriverError) {
        guard files.hasLogDaemon else { return }
        let deletedAt = (try? files.readLogStart())?.deletedAt ?? now
        if deletedAt > now {
            logger.warning(
                "the clock was set back after the DELETE; late lines of deleted load balancers may be archived"
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
                throw DriverError(.stateUnwritable, "\(error); give the agent's user permission to remove and write it")
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
        // This also flushes the removals before it to the disk.
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
                "cannot empty haproxy.log \(files.log): \(error); give the agent's user permission to write it"
            )
        }
    }

    /// Removes the rotated files; keeps a file if the agent has no permission to remove it.
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
                    // It may be the operator's file in a system folder.
                    kept.insert(entry.path)
                    logger.warning(
                        "file with the log's name as prefix kept; archives exclude its current content",
                        metadata: [LogKeys.file: "\(entry.path)"]
                    )
                    continue
                }
                do { try remove(entry.path) } catch {
                    kept.insert(entry.path)
                    if let error = error as? FileError, Self.isRefusal(error.reason) {
                        logger.warning(
                            "cannot remove a rotated log of a deleted load balancer; archives exclude it",
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
            // Permission to write the file is enough to remove its content.
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

    // MARK: - The start of the next log

    /// Covers whole files: the rest of an incomplete line of a deleted load balancer does not belong to the next one.
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
