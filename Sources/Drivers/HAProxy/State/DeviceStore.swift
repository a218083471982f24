// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import SteelyardCore
import SteelyardSystem
import Synchronization
import SystemPackage

/// Keeps the device's state: on disk, where each change is committed, and in memory, where it is read.
final class DeviceStore: Sendable {
    private let path: FilePath
    private let current: Mutex<DeviceState>
    private let diskFull = Mutex(false)
    private let pausing = Mutex(false)

    /// Reads the state; a file that cannot be read as one is renamed and reported.
    ///
    /// - Parameter isReadOnly: Whether it keeps its name.
    init(_ path: FilePath, _ logger: Logger, isReadOnly: Bool = false) {
        self.path = path
        current = Mutex(Self.read(path, logger, isReadOnly: isReadOnly) ?? .notConfigured)
    }

    /// The state that was committed last.
    var state: DeviceState { current.withLock { $0 } }

    /// Whether a SUSPEND is under way: the ports are closed, and connections have their time to end.
    var isPausing: Bool { pausing.withLock { $0 } }

    func setPausing(_ isPausing: Bool) { pausing.withLock { $0 = isPausing } }

    /// Whether the disk was full at the last commit.
    var isDiskFull: Bool { diskFull.withLock { $0 } }

    /// Commits a state: from here on, and not before, it outlives a crash.
    ///
    /// - Throws: `DriverError` with the code `stateUnwritable`; the old state is then unchanged.
    func commit(_ state: DeviceState) throws(DriverError) {
        try commit(prepare(state))
    }

    /// Does everything of a commit that can fail for want of room or of permission.
    ///
    /// - Parameter usesSpare: Whether a full disk is no obstacle.
    /// - Throws: `DriverError` with the code `stateUnwritable`.
    func prepare(_ state: DeviceState, usesSpare: Bool = false) throws(DriverError) -> Prepared {
        do throws(FileError) {
            try AtomicFile.makeFolder(path.removingLastComponent())
            return Prepared(state: state, file: try PreparedFile(state.record, for: path, usesSpare: usesSpare))
        } catch { throw failure(error) }
    }

    /// Commits a prepared state.
    ///
    /// - Throws: `DriverError` with the code `stateUnwritable`.
    func commit(_ prepared: consuming Prepared) throws(DriverError) {
        let state = prepared.state
        do throws(FileError) { try prepared.file.commit() } catch { throw failure(error) }
        diskFull.withLock { $0 = false }
        if state.served != nil { SpareRoom(for: path).keep(state.record.count) }
        current.withLock { $0 = state }
    }

    /// A state that is on the disk and is not committed yet.
    struct Prepared: ~Copyable {
        fileprivate let state: DeviceState
        fileprivate let file: PreparedFile
    }

    /// Writes the state again if its file was removed; to be called between changes, not during one.
    ///
    /// - Returns: Whether the file was missing.
    /// - Throws: `DriverError` with the code `stateUnwritable`.
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
            logger.error("state cannot be read; starting unconfigured", metadata: [LogKeys.error: "\(error)"])
        }
        return nil
    }
}

extension FilePath {
    /// The name that ``setAside(_:_:)`` gives.
    var aside: FilePath { FilePath(string + ".foreign") }

    /// Renames a state file that cannot be read as one, so that an operator can examine it, and logs that.
    ///
    /// - Parameters:
    ///   - consequence: What the driver does without the file.
    ///   - isReadOnly: Whether it keeps its name.
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
