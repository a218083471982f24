// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SteelyardCore
import SteelyardSystem
import Synchronization
package import SystemPackage

/// The directories of a log and its rotated siblings: the log's own, the target's if the log is a symbolic link, and
/// those that the operator configures.
package final class LogFolder: Sendable {
    /// A log file, by its name.
    package struct Entry: Hashable, Sendable {
        package let path: FilePath
        package let name: LogFileName

        /// If two files in one directory have the same stem, one may be the compressed form of the other.
        var stem: FilePath { path.removingLastComponent().appending(name.stem) }
    }

    /// The number of attempts to list the files if some are renamed meanwhile.
    private static let tries = 20
    /// The number of oldest and of newest files kept open: rotation removes the oldest and changes the newest.
    private static let keptCount = 8

    let log: FilePath
    private let others: [FilePath]
    private let excluded: Set<FilePath>
    private let time: @Sendable (_ head: [UInt8]) -> Int64?
    /// The current paths of renamed files.
    private let places = Mutex<[FileID: FilePath]>([:])
    private let held = Mutex<LogHold?>(nil)

    private struct FileID: Hashable {
        let device: UInt64
        let inode: UInt64
    }

    /// - Parameters:
    ///   - log: The path of the current log.
    ///   - others: Additional directories with rotated files.
    ///   - excluded: Files that are not part of the log, whatever their names.
    ///   - time: Parses the time of the first line of a file, in microseconds; returns nil if it has none.
    package init(
        of log: FilePath,
        others: [FilePath] = [],
        excluded: Set<FilePath> = [],
        time: @escaping @Sendable (_ head: [UInt8]) -> Int64? = { _ in nil }
    ) {
        self.log = log
        self.others = others
        self.excluded = excluded
        self.time = time
    }

    // MARK: - Names

    /// Returns the names of the log and its siblings.
    ///
    /// - Throws: `LogFileError` if a directory cannot be listed.
    package func entries() throws(LogFileError) -> [Entry] {
        let (entries, failures) = try listing()
        if let failure = failures.first { throw failure }
        return entries
    }

    /// Returns the names of the log and its siblings, and the directories, except the log's own, that cannot be listed.
    ///
    /// - Throws: `LogFileError` if the log's own directory cannot be listed.
    package func listing() throws(LogFileError) -> (entries: [Entry], failures: [LogFileError]) {
        let folder = log.removingLastComponent()
        let baseName = log.lastComponent?.string ?? ""
        var bases = [baseName]
        var folders = [folder]
        if let target = Self.target(of: log) {
            if let name = target.lastComponent?.string, name != baseName { bases.append(name) }
            folders.append(target.removingLastComponent())
        }
        var seen: Set<FilePath> = []
        var entries: [Entry] = []
        var failures: [LogFileError] = []
        for candidate in folders + others where seen.insert(Self.target(of: candidate) ?? candidate).inserted {
            let names: [String]
            do throws(FileError) { names = try AtomicFile.names(in: candidate) } catch {
                let failure = LogFileError(candidate, "cannot list the directory: \(error.reason)")
                guard candidate != folder else { throw failure }
                failures.append(failure)
                continue
            }
            for text in names {
                let path = candidate.appending(text)
                guard let name = bases.lazy.compactMap({ LogFileName(text, of: $0) }).first else { continue }
                // Only the configured path is the current log.
                if name.age == .current, path != log { continue }
                if name.age == .unknown, excluded.contains(path) || !Self.isRegular(path) { continue }
                entries.append(Entry(path: path, name: name))
            }
        }
        return (entries, failures)
    }

    private static func target(of path: FilePath) -> FilePath? {
        guard let text = unsafe realpath(path.string, nil) else { return nil }
        defer { unsafe free(text) }
        return unsafe FilePath(String(cString: text))
    }

    /// Returns the current path of a renamed file.
    func path(of status: LogDescriptor.FileStatus) -> FilePath? {
        let id = FileID(device: status.device, inode: status.inode)
        if let known = places.withLock({ $0[id] }), Self.id(of: known) == id { return known }
        let listed = (try? listing().entries) ?? []
        var found: [FileID: FilePath] = [:]
        for entry in heldEntries { if let id = Self.id(of: entry.path) { found[id] = entry.path } }
        for entry in listed { if let id = Self.id(of: entry.path) { found[id] = entry.path } }
        places.withLock { [found] in $0 = found }
        return found[id]
    }

    private static func id(of path: FilePath) -> FileID? {
        var information = stat()
        guard unsafe stat(path.string, &information) == 0 else { return nil }
        return FileID(device: UInt64(information.st_dev), inode: UInt64(information.st_ino))
    }

    // MARK: - Files

    /// Opens all files of the log, oldest first, without duplicates.
    ///
    /// - Parameters:
    ///   - isShared: Whether to lock out the agent's rotation.
    ///   - keepsTwins: Whether to include copies, because comparing files may take long.
    /// - Returns: The files, and the files that cannot be read.
    /// - Throws: `LogFileError` if the current log cannot be read.
    package func open(
        isShared: Bool = true,
        keepsTwins: Bool = false
    ) throws(LogFileError) -> (files: [LogFile], leftOut: [LeftOutLog]) {
        var files: [LogFile] = []
        var leftOut: [LeftOutLog] = []
        for _ in 0..<Self.tries {
            let (entries, failures) = try listing()
            (files, leftOut) = ([], failures.map(\.leftOut))
            for entry in entries + removedEntries(entries) {
                do throws(LogFileError) {
                    guard let file = try LogFile(entry.path, entry.name, in: self, isShared: isShared) else { continue }
                    files.append(file)
                } catch {
                    guard entry.name.age != .current, !error.isShortage else { throw error }
                    if !isBeingCompressed(entry, entries) { leftOut.append(error.leftOut) }
                }
            }
            let filled = files.filter { !$0.head.isEmpty }
            files = LogOrder(time).sorted(keepsTwins ? filled : withoutTwins(filled))
            for file in files.prefix(Self.keptCount) + files.suffix(Self.keptCount) { file.keepOpen() }
            // If logrotate renames or removes files meanwhile, one may be listed twice, or not at all.
            if try isStill(files, entries) { break }
        }
        return (distinct(files), leftOut)
    }

    /// Keeps the rotated files readable after they are removed, with hard links.
    ///
    /// - Parameter base: A directory for the hard links; nil for none.
    /// - Returns: The rotated files without a hard link.
    /// - Throws: `LogFileError` if the log's own directory cannot be listed.
    func hold(in base: FilePath?) throws(LogFileError) -> [Entry] {
        let rotated = try listing().entries.filter { $0.name.age != .current }
        guard let base, let hold = LogHold(rotated.filter { $0.name.number != nil }, in: base) else { return rotated }
        held.withLock { $0 = hold }
        let kept = Set(hold.entries.map(\.original))
        return rotated.filter { !kept.contains($0) }
    }

    /// Removes the hard links of a killed agent.
    package static func removeHolds(in base: FilePath) { LogHold.removeAll(in: base) }

    private var heldEntries: [Entry] {
        (held.withLock { $0 }?.entries ?? []).map { Entry(path: $0.path, name: $0.original.name) }
    }

    /// Returns the hard links of files that the agent's rotation has removed since.
    private func removedEntries(_ listed: [Entry]) -> [Entry] {
        let held = heldEntries
        guard !held.isEmpty else { return [] }
        let present = Set(listed.compactMap { Self.id(of: $0.path) })
        return held.filter { entry in Self.id(of: entry.path).map { !present.contains($0) } ?? false }
    }

    /// Opens the files of a removed log that are still readable.
    ///
    /// - Parameters:
    ///   - current: The current log; nil if it had no file.
    ///   - lost: The removed files.
    func openHeld(
        with current: LogFile?,
        lost: [Entry]
    ) throws(LogFileError) -> (files: [LogFile], leftOut: [LeftOutLog]) {
        var files = current.map { [$0] } ?? []
        for entry in heldEntries {
            if let file = try LogFile(entry.path, entry.name, in: self) { files.append(file) }
        }
        let ordered = LogOrder(time).sorted(withoutTwins(files.filter { !$0.head.isEmpty }))
        let leftOut = lost.map { LogFileError($0.path, "removed by a DELETE while the ARCHIVE was queued").leftOut }
        return (distinct(ordered), leftOut)
    }

    /// Finds the copy of a truncated or removed file, such as copytruncate makes.
    func copy(of file: LogFile) -> LogFile? {
        guard let entries = try? listing().entries else { return nil }
        for entry in entries.sorted(by: { $0.name.format == nil && $1.name.format != nil }) {
            guard let other = try? LogFile(entry.path, entry.name, in: self),
                !other.isSameFile(as: file) || other.isCompressed,
                other.isCompressed || file.isCompressed || other.byteCount >= file.byteCount,
                other.start <= file.start, !other.head.isEmpty, other.head.starts(with: file.head)
            else { continue }
            return other
        }
        return nil
    }

    /// Returns whether a program is compressing the file: both forms exist, and the new one may still be unreadable.
    private func isBeingCompressed(_ entry: Entry, _ entries: [Entry]) -> Bool {
        guard let format = entry.name.format, Compression(rawValue: format) != nil else { return false }
        return entries.contains { $0 != entry && $0.stem == entry.stem && $0.name.format == nil }
            && Self.isRegular(entry.path)
    }

    private static func isRegular(_ path: FilePath) -> Bool {
        var information = stat()
        return unsafe stat(path.string, &information) == 0 && information.st_mode & S_IFMT == S_IFREG
    }

    /// Drops files that are the compressed form, a copy or a prefix of another file.
    private func withoutTwins(_ files: [LogFile]) -> [LogFile] {
        let rotated = files.filter { $0.name.age != .current }
        let stems = Dictionary(grouping: rotated) { Entry(path: $0.path, name: $0.name).stem }
        // Complete heads contain the times of several lines: only copies have the same head.
        let heads = Dictionary(grouping: rotated.filter { $0.head.count == LogFile.headSize }, by: \.head)
        var dropped: Set<FilePath> = []
        for group in Array(stems.values) + Array(heads.values) where group.count > 1 {
            // The plain file is cheaper to read.
            let ordered = group.sorted { !$0.isCompressed && $1.isCompressed }
            for (index, one) in ordered.enumerated() where !dropped.contains(one.path) {
                for other in ordered.dropFirst(index + 1) where !dropped.contains(other.path) {
                    guard let shorter = LogComparison(one, other).containedFile else { continue }
                    dropped.insert(shorter.path)
                }
            }
        }
        return dropped.isEmpty ? files : files.filter { !dropped.contains($0.path) }
    }

    private func isStill(_ files: [LogFile], _ entries: [Entry]) throws(LogFileError) -> Bool {
        guard try Set(listing().entries) == Set(entries) else { return false }
        return files.allSatisfy {
            Self.id(of: $0.path) == FileID(device: $0.status.device, inode: $0.status.inode)
        }
    }

    /// Drops hard links to the same file, and the copy that copytruncate is making.
    private func distinct(_ files: [LogFile]) -> [LogFile] {
        var kept: [LogFile] = []
        var seen: Set<FileID> = []
        for file in files.reversed()
        where seen.insert(FileID(device: file.status.device, inode: file.status.inode)).inserted {
            // An older short file may start with event messages, which have no time, without being a copy.
            if let current = kept.first, current.name.age == .current,
                kept.count == 1 || file.head.count == LogFile.headSize, isCopy(file, of: current)
            {
                continue
            }
            kept.append(file)
        }
        return kept.reversed()
    }

    /// Returns whether the current log starts with a file's content.
    package func isCopy(_ file: LogFile, of current: LogFile) -> Bool {
        guard !file.isCompressed, file.byteCount <= current.byteCount, current.head.starts(with: file.head),
            // HAProxy's event messages have no time: different short files may start with the same message.
            file.head.count == LogFile.headSize || file.status.modified >= current.status.modified
        else { return false }
        let count = min(file.byteCount, 4096)
        let end = current.start + file.byteCount
        let one = try? file.read(at: file.size - count, atMost: Int(count))
        return one != nil && one == (try? current.read(at: end - count, atMost: Int(count)))
    }
}
