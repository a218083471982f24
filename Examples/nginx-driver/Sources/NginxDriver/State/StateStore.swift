// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Synchronization

/// Stores the state in a file, which is written to commit a change, and in memory, for reading.
final class StateStore: Sendable {
    private let path: String
    private let current: Mutex<DeviceState>

    /// Reads the state.
    ///
    /// - Throws: `DriverError` with the code `stateUnreadable`.
    init(path: String) throws(DriverError) {
        self.path = path
        let bytes: [UInt8]?
        do throws(FileError) { bytes = try WholeFile.read(path) } catch {
            throw DriverError(.stateUnreadable, "\(error)")
        }
        guard let bytes else {
            current = Mutex(.notConfigured)
            return
        }
        guard let state = DeviceState(record: bytes) else {
            throw DriverError(.stateUnreadable, "\(path) is corrupt; restore it, or remove it and send an UPDATE")
        }
        current = Mutex(state)
    }

    /// The last committed state.
    var state: DeviceState { current.withLock { $0 } }

    /// Commits a state.
    ///
    /// - Throws: `DriverError` with the code `stateUnwritable`; the old state then remains valid.
    func commit(_ state: DeviceState) throws(DriverError) {
        do throws(FileError) { try WholeFile.replace(path, with: state.record) } catch {
            throw DriverError(.stateUnwritable, "\(error)")
        }
        current.withLock { $0 = state }
    }
}
