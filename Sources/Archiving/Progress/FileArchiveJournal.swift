// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem
import SystemPackage

/// Stores the record of each load balancer as a file in a directory.
struct FileArchiveJournal: ArchiveJournal {
    /// A record has about 120 bytes per rotated file for its mark, and again for each announced mark.
    private static let greatestRecord = 16 << 20

    private let folder: FilePath
    private let isReadOnly: Bool

    /// - Parameter isReadOnly: Whether to leave the files unchanged, for a dry run.
    init(_ folder: FilePath, isReadOnly: Bool = false) {
        self.folder = folder
        self.isReadOnly = isReadOnly
    }

    func read(_ key: ArchiveJournalKey) throws(ArchiveJournalError) -> [UInt8]? {
        try requireTrustedFolder()
        do throws(FileError) { return try AtomicFile.read(path(key), atMost: Self.greatestRecord) } catch {
            throw ArchiveJournalError(error.description)
        }
    }

    func write(_ record: [UInt8], for key: ArchiveJournalKey) throws(ArchiveJournalError) {
        guard !isReadOnly else { return }
        guard record.count <= Self.greatestRecord else {
            throw ArchiveJournalError("\(path(key)) would have \(record.count) bytes; remove old rotated logs")
        }
        try requireTrustedFolder()
        do throws(FileError) {
            try AtomicFile.makeFolder(folder)
            try AtomicFile.write(record, to: path(key))
        } catch { throw ArchiveJournalError(error.description) }
    }

    func setAside(_ key: ArchiveJournalKey) {
        guard !isReadOnly else { return }
        _ = try? AtomicFile.setAside(path(key))
    }

    func removeAll() throws(ArchiveJournalError) {
        guard !isReadOnly else { return }
        try requireTrustedFolder()
        do throws(FileError) {
            for name in try AtomicFile.names(in: folder) { try AtomicFile.remove(folder.appending(name)) }
        } catch { throw ArchiveJournalError(error.description) }
    }

    private func requireTrustedFolder() throws(ArchiveJournalError) {
        do throws(TrustedFolder.Failure) { try TrustedFolder.require(folder) } catch {
            throw ArchiveJournalError(error.description)
        }
    }

    /// Ids contain no slash.
    private func path(_ key: ArchiveJournalKey) -> FilePath {
        folder.appending("\(key.id).\(key.metered.rawValue).json")
    }
}
