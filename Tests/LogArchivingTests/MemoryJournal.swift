// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Synchronization

@testable import LogArchiving

/// Records in memory, with simulated failures.
final class MemoryJournal: ArchiveJournal {
    private struct State {
        var records: [ArchiveJournalKey: [UInt8]] = [:]
        var writesLeft = Int.max
        var asideCount = 0
    }

    private let state = Mutex(State())

    var writesLeft: Int {
        get { state.withLock { $0.writesLeft } }
        set { state.withLock { $0.writesLeft = newValue } }
    }
    var asideCount: Int { state.withLock { $0.asideCount } }
    var isEmpty: Bool { state.withLock { $0.records.isEmpty } }

    func record(of key: ArchiveJournalKey) -> [UInt8]? { state.withLock { $0.records[key] } }

    func fill(with bytes: [UInt8]) {
        state.withLock { state in state.records = state.records.mapValues { _ in bytes } }
    }

    func read(_ key: ArchiveJournalKey) throws(ArchiveJournalError) -> [UInt8]? { state.withLock { $0.records[key] } }

    func write(_ record: [UInt8], for key: ArchiveJournalKey) throws(ArchiveJournalError) {
        let isWritten = state.withLock { state in
            guard state.writesLeft > 0 else { return false }
            state.writesLeft -= 1
            state.records[key] = record
            return true
        }
        if !isWritten { throw ArchiveJournalError("the disk is full") }
    }

    func setAside(_ key: ArchiveJournalKey) { state.withLock { $0.asideCount += 1 } }

    func removeAll() throws(ArchiveJournalError) { state.withLock { $0.records = [:] } }
}
