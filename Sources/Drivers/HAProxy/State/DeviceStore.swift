// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import SteelyardCore
import SteelyardSystem
import Synchronization
import SystemPackage

/// The device's state: on disk, where each change is committed, and in memory, where it is read.
final class DeviceStore: Sendable {
    private let path: FilePath
    private let current: Mutex<DeviceState>
    private let diskFull = Mutex(false)
    private let pausing = Mutex(false)

    /// Reads the state; what cannot be understood is set aside and reported.
    init(_ path: FilePath, _ logger: Logger) {
        self.path = path
        current = Mutex(Self.read(path, logger) ?? .notConfigured)
    }

    /// The state that was committed last.
    var state: DeviceState { current.withLock { $0 } }

    /// Whether a SUSPEND is under way: the ports are closed, and what goes on has its time to end.
    var isPausing: Bool { pausing.withLock { $0 } }

    func setPausing(_ isPausing: Bool) { pausing.withLock { $0 = isPausing } }

    /// Whether there was no room on the disk for the last commit.
    var isDiskFull: Bool { diskFull.withLock { $0 } }

    /// Makes a change the one that counts: from here on, and not before, it outlives a crash.
    ///
    /// - Throws: `DriverError` with the code `stateUnwritable`; the old state then is what counts.
    func commit(_ state: DeviceState) throws(DriverError) {
        try commit(prepare(state))
    }

    /// Does all of a commit that can fail for want of room, or of permission.
    ///
    /// - Throws: `DriverError` with the code `stateUnwritable`.
    func prepare(_ state: DeviceState) throws(DriverError) -> Prepared {
        do throws(FileError) {
            try AtomicFile.makeFolder(path.removingLastComponent())
            return Prepared(state: state, file: try PreparedFile(state.record, for: path))
        } catch { throw failure(error) }
    }

    /// Makes what was prepared the state that counts.
    ///
    /// - Throws: `DriverError` with the code `stateUnwritable`.
    func commit(_ prepared: consuming Prepared) throws(DriverError) {
        let state = prepared.state
        do throws(FileError) { try prepared.file.commit() } catch { throw failure(error) }
        diskFull.withLock { $0 = false }
        current.withLock { $0 = state }
    }

    /// A state that is on the disk and does not count yet.
    struct Prepared: ~Copyable {
        fileprivate let state: DeviceState
        fileprivate let file: PreparedFile
    }

    private func failure(_ error: FileError) -> DriverError {
        diskFull.withLock { $0 = [.noSpace, .diskQuotaExceeded].contains(error.reason) }
        return DriverError(.stateUnwritable, error.description)
    }

    private static func read(_ path: FilePath, _ logger: Logger) -> DeviceState? {
        do throws(FileError) {
            guard let bytes = try AtomicFile.read(path) else { return nil }
            if let state = DeviceState(record: bytes) { return state }
            path.setAside(logger)
        } catch {
            logger.error("the state cannot be read; going on without", metadata: [LogKeys.error: "\(error)"])
        }
        return nil
    }
}

extension FilePath {
    /// The name of a file that cannot be understood.
    var aside: FilePath { FilePath(string + ".foreign") }

    /// Gives a file that cannot be understood another name, under which somebody can look at it.
    func setAside(_ logger: Logger) {
        unsafe rename(string, aside.string)
        logger.error("a file of the state is torn or foreign; set aside", metadata: [LogKeys.file: "\(aside)"])
    }
}
