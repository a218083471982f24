// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// Keeps what has been archived in the state's folder, a file for each load balancer; in a dry run it only reads.
struct FileArchiveJournal: ArchiveJournal {
    /// Far more than the places of a thousand rotated files.
    private static let greatestRecord = 1 << 20

    private let folder: FilePath
    private let isReadOnly: Bool

    init(_ configuration: WorkerConfiguration) {
        self.init(FilePath(configuration.stateDirectory).appending("archived"), isReadOnly: configuration.isDryRun)
    }

    init(_ folder: FilePath, isReadOnly: Bool = false) {
        self.folder = folder
        self.isReadOnly = isReadOnly
    }

    func read(_ key: ArchiveJournalKey) throws(ArchiveJournalError) -> [UInt8]? {
        do throws(FileError) { return try AtomicFile.read(path(key), atMost: Self.greatestRecord) } catch {
            throw ArchiveJournalError(error.description)
        }
    }

    func write(_ record: [UInt8], for key: ArchiveJournalKey) throws(ArchiveJournalError) {
        guard !isReadOnly else { return }
        do throws(FileError) {
            try AtomicFile.makeFolder(folder)
            try AtomicFile.write(record, to: path(key))
        } catch { throw ArchiveJournalError(error.description) }
    }

    func setAside(_ key: ArchiveJournalKey) {
        guard !isReadOnly else { return }
        try? FileManager.default.removeItem(atPath: path(key).string + ".foreign")
        try? FileManager.default.moveItem(atPath: path(key).string, toPath: path(key).string + ".foreign")
    }

    func removeAll() throws(ArchiveJournalError) {
        guard !isReadOnly, FileManager.default.fileExists(atPath: folder.string) else { return }
        do {
            for name in try FileManager.default.contentsOfDirectory(atPath: folder.string) {
                try AtomicFile.remove(folder.appending(name))
            }
        } catch { throw ArchiveJournalError("cannot remove what has been archived from \(folder): \(error)") }
    }

    /// Ids have no slash in them.
    private func path(_ key: ArchiveJournalKey) -> FilePath {
        folder.appending("\(key.id).\(key.metered.rawValue).json")
    }
}
