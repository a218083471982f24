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

    /// Reads the state; what cannot be understood is set aside and reported.
    init(_ path: FilePath, _ logger: Logger) {
        self.path = path
        current = Mutex(Self.read(path, logger) ?? .notConfigured)
    }

    /// The state that was committed last.
    var state: DeviceState { current.withLock { $0 } }

    /// Whether there was no room on the disk for the last commit.
    var isDiskFull: Bool { diskFull.withLock { $0 } }

    /// Makes a change the one that counts: from here on, and not before, it outlives a crash.
    ///
    /// - Throws: `DriverError` with the code `stateUnwritable`; the old state then is what counts.
    func commit(_ state: DeviceState) throws(DriverError) {
        do throws(FileError) {
            try AtomicFile.makeFolder(path.removingLastComponent())
            try AtomicFile.write(state.record, to: path)
            diskFull.withLock { $0 = false }
        } catch {
            diskFull.withLock { $0 = [.noSpace, .diskQuotaExceeded].contains(error.reason) }
            throw DriverError(.stateUnwritable, error.description)
        }
        current.withLock { $0 = state }
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
