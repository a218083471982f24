// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The last changes and the last ARCHIVE of a device.
struct History: Hashable, Sendable {
    /// How many changes are kept.
    static let changeCount = 20

    /// The changes, the oldest first.
    private(set) var changes: [HistoryEntry] = []
    /// The last ARCHIVE; nil if there was none.
    private(set) var archive: HistoryEntry?
    /// What the device did when the agent was started; nil if it is not known.
    var initialPhase: DevicePhase?

    /// What the device does, as far as the changes show it.
    var phase: DevicePhase? { changes.last?.phase ?? initialPhase }

    /// Adds an entry; of a change, notes what the device does since.
    ///
    /// - Returns: The entry as it was added.
    @discardableResult
    mutating func add(_ entry: HistoryEntry) -> HistoryEntry {
        guard !entry.isArchive else {
            archive = entry
            return entry
        }
        var entry = entry
        if entry.phase == nil { note(&entry) }
        changes.append(entry)
        changes.removeFirst(max(0, changes.count - Self.changeCount))
        return entry
    }

    /// Since when the device has been in a phase.
    ///
    /// - Returns: nil if the history does not show it.
    func since(_ phase: DevicePhase) -> StatusTime? {
        guard let last = changes.last, last.phase == phase else { return nil }
        return last.phaseSince
    }

    /// When the last ARCHIVE ended; nil unless it passed.
    var lastPassedArchive: UTCTimestamp? {
        guard let archive, archive.result == "PASS", !archive.isDryRun else { return nil }
        return archive.end.timestamp
    }

    /// All entries in the order of their times.
    var entries: [HistoryEntry] { (changes + [archive].compactMap(\.self)).sorted { $0.time < $1.time } }

    private func note(_ entry: inout HistoryEntry) {
        let before = phase
        (entry.phase, entry.phaseSince) = (before, changes.last?.phaseSince)
        guard entry.hasChangedDevice, let action = ActionKind(rawValue: entry.action) else { return }
        let after = DevicePhase.after(action, from: before)
        guard after != before else { return }
        (entry.phase, entry.phaseSince) = (after, after == nil ? nil : entry.end)
    }
}
