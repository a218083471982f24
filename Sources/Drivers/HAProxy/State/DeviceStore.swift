// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import SteelyardCore
import SteelyardSystem
import Synchronization
import SystemPackage

/// Stores the device's state: on disk, where changes are committed, and in memory, for reading.
final class DeviceStore: Sendable {
    private let path: FilePath
    private let current: Mutex<DeviceState>
    private let diskFull = Mutex(false)
    private let pausing = Mutex(false)

    /// Reads the state; renames and reports an unreadable file.
    ///
    /// - Parameter isReadOnly: Whether to keep the unreadable file's name.
    init(_ path: FilePath, _ logger: Logger, isReadOnly: Bool = false) {
        self.path = path
        current = Mutex(Self.read(path, logger, isReadOnly: isReadOnly) ?? .notConfigured)
    }

    /// The committed state.
    var state: DeviceState { current.withLock { $0 } }

    /// Whether a SUSPEND is in progress: the ports are closed, and the grace period runs.
    var isPausing: Bool { pausing.withLock { $0 } }

    func setPausing(_ isPausing: Bool) { pausing.withLock { $0 = isPausing } }

    /// Whether the disk was full at the last commit.
    var isDiskFull: Bool { diskFull.withLock { $0 } }

    /// Commits a state: from here on, and not before, it survives a crash.
    ///
    /// - Throws: `DriverError` with code `stateUnwritable`; the old state is then unchanged.
    func commit(_ state: DeviceState) throws(DriverError) {
        try commit(prepare(state))
    }

    /// Completes the steps of a commit that can fail for lack of space or permission.
    ///
    /// - Parameter usesSpare: Whether to write to a full disk, with the reserved space.
    /// - Throws: `DriverError` with code `stateUnwritable`.
    func prepare(_ state: DeviceState, usesSpare: Bool = false) throws(DriverError) -> Prepared {
        do throws(FileError) {
            try AtomicFile.makeFolder(path.removingLastComponent())
            return Prepared(state: state, file: try PreparedFile(state.record, for: path, usesSpare: usesSpare))
        } catch { throw failure(error) }
    }

    /// Commits a prepared state.
    ///
    /// - Throws: `DriverError` with code `stateUnwritable`.
    func commit(_ prepared: consuming Prepared) throws(DriverError) {
        let state = prepared.state
        do throws(FileError) { try prepared.file.commit() } catch { throw failure(error) }
        diskFull.withLock { $0 = false }
        if state.served != nil { SpareRoom(for: path).keep(state.record.count) }
        current.withLock { $0 = state }
    }

    /// A state that is written to disk but not committed yet.
    struct Prepared: ~Copyable {
        fileprivate let state: DeviceState
        fileprivate let file: PreparedFile
    }

    /// Writes the state again if its file was removed; call it between changes, not during one.
    ///
    /// - Returns: Whether the file was missing.
    /// - Throws: `DriverError` with code `stateUnwritable`.
    @discardableResult
    func restoreIfMissing() throws(DriverError) -> Bool {
        guard state != .notConfigured else { return false }
        var entry = stat()
        guard unsafe lstat(path.string, &entry) != 0, errno == ENOENT else { return false }
        try commit(state)
        return true
    }

    private func failure(_ error: FileError) -> DriverError {
        diskFull.withLock { $0 = [.noSpace, .diskQuotaExceeded].contains(error.reason) }
        return DriverError(.stateUnwritable, error.description)
    }

    private static func read(_ path: FilePath, _ logger: Logger, isReadOnly: Bool) -> DeviceState? {
        do throws(FileError) {
            guard let bytes = try AtomicFile.read(path) else { return nil }
            if let state = DeviceState(record: bytes) { return state }
            path.setAside(logger, "starting unconfigured", isReadOnly: isReadOnly)
        } catch {
            logger.error("cannot read the state; starting unconfigured", metadata: [LogKeys.error: "\(error)"])
        }
        return nil
    }
}

extension FilePath {
    /// The new name after ``setAside(_:_:isReadOnly:)``.
    var aside: FilePath { FilePath(string + ".foreign") }

    /// Renames an unreadable state file, so that an operator can examine it, and logs it.
    ///
    /// - Parameters:
    ///   - consequence: What the driver does without the file.
    ///   - isReadOnly: Whether to keep its name.
    func setAside(_ logger: Logger, _ consequence: String = "starting without it", isReadOnly: Bool) {
        guard !isReadOnly else {
            logger.error(
                "state file is corrupt or not written by Steelyard; \(consequence)",
                metadata: [LogKeys.file: "\(self)"]
            )
            return
        }
        do throws(FileError) {
            let aside = try AtomicFile.setAside(self)
            logger.error(
                "state file is corrupt or not written by Steelyard; moved to \(aside), \(consequence)",
                metadata: [LogKeys.file: "\(self)"]
            )
        } catch {
            logger.error(
                "state file is corrupt or not written by Steelyard, and cannot be renamed; \(consequence)",
                metadata: [LogKeys.error: "\(error)"]
            )
        }
    }
}
