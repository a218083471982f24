// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// The folder in which a log and its rotated siblings are.
struct LogFolder: Sendable {
    /// How often a listing is made again if files were renamed meanwhile.
    private static let tries = 20

    private let log: FilePath
    private let logger: Logger

    init(of log: FilePath, _ logger: Logger) {
        self.log = log
        self.logger = logger
    }

    private var folder: FilePath { log.removingLastComponent() }
    private var baseName: String { log.lastComponent?.string ?? "" }

    /// The names of the log and its siblings, with what each says.
    func names() throws(DriverError) -> [(path: FilePath, name: LogFileName)] {
        do throws(FileError) {
            return try AtomicFile.names(in: folder).compactMap { text in
                LogFileName(text, of: baseName).map { (folder.appending(text), $0) }
            }
        } catch { throw DriverError(.logUnavailable, "cannot list the folder of HAProxy's log: \(error)") }
    }

    /// Opens all files of the log, the oldest first, each content once.
    ///
    /// - Parameter isShared: Whether to keep the agent from rotating the log meanwhile.
    /// - Throws: `DriverError` with the code `logUnavailable` for a file that cannot be read.
    func open(isShared: Bool = true) throws(DriverError) -> [LogFile] {
        var files: [LogFile] = []
        for _ in 0..<Self.tries {
            let names = try names()
            files = []
            for (path, name) in names where !name.isUnreadable && !hasPlainTwin(path, name, names) {
                if let file = try LogFile(path, name, isShared: isShared) { files.append(file) }
            }
            // Where logrotate has renamed or removed some meanwhile, one may be there twice, or not at all.
            if try isStill(files, names) {
                for (path, name) in names where name.isUnreadable {
                    logger.warning(
                        "a rotated log is compressed with something else than gzip; it is left out of archives",
                        metadata: [LogKeys.file: "\(path)"]
                    )
                }
                break
            }
        }
        return distinct(sorted(files.filter { !$0.head.isEmpty }))
    }

    /// Finds the file that has what another had before it was emptied: logrotate's copytruncate makes a copy first.
    func copy(of file: LogFile) -> LogFile? {
        guard let names = try? names() else { return nil }
        for (path, name) in names where !name.isUnreadable {
            guard let other = try? LogFile(path, name), !other.isSameFile(as: file) || other.name.isCompressed,
                other.name.isCompressed || other.byteCount >= file.byteCount, other.head.starts(with: file.head)
            else { continue }
            return other
        }
        return nil
    }

    /// While logrotate compresses a file, it is there with its `.gz`, which is not whole yet.
    private func hasPlainTwin(
        _ path: FilePath,
        _ name: LogFileName,
        _ names: [(path: FilePath, name: LogFileName)]
    ) -> Bool {
        name.isCompressed && names.contains { $0.path.string + ".gz" == path.string }
    }

    private func isStill(
        _ files: [LogFile],
        _ names: [(path: FilePath, name: LogFileName)]
    ) throws(DriverError) -> Bool {
        let now = try self.names()
        guard Set(now.map(\.path)) == Set(names.map(\.path)) else { return false }
        return files.allSatisfy { file in
            var information = stat()
            return unsafe stat(file.path.string, &information) == 0 && UInt64(information.st_ino) == file.inode
                && UInt64(information.st_dev) == file.device
        }
    }

    private func sorted(_ files: [LogFile]) -> [LogFile] {
        // Numbers and dates are both there where the operator has changed from one to the other: the older go first.
        func newest(_ isDated: Bool) -> Int {
            files.map { file in
                switch file.name.age {
                case .date where isDated: file.modified
                case .number where !isDated: file.modified
                default: 0
                }
            }.max() ?? 0
        }
        let datesAreOlder = newest(true) <= newest(false)
        return files.sorted { one, two in
            if let isOlder = one.name.age.isOlder(than: two.name.age) { return isOlder }
            if case .date = one.name.age { return datesAreOlder }
            return !datesAreOlder
        }
    }

    /// Leaves out a second name of the same file, and the copy that copytruncate is just making.
    private func distinct(_ files: [LogFile]) -> [LogFile] {
        var kept: [LogFile] = []
        for file in files.reversed() where !kept.contains(where: { $0.isSameFile(as: file) }) {
            if let current = kept.first, current.name.age == .current, kept.count == 1, isCopy(file, of: current) {
                continue
            }
            kept.append(file)
        }
        return kept.reversed()
    }

    /// Whether a file has what the log begins with.
    func isCopy(_ file: LogFile, of current: LogFile) -> Bool {
        guard !file.name.isCompressed, file.byteCount <= current.byteCount, current.head.starts(with: file.head),
            // HAProxy's sentences have no time: a short file may begin as another does and be none the less itself.
            file.head.count == LogFile.headSize || file.modified >= current.modified
        else { return false }
        let count = min(file.byteCount, 4096)
        let end = current.start + file.byteCount
        let one = try? file.read(at: file.size - count, atMost: Int(count))
        return one != nil && one == (try? current.read(at: end - count, atMost: Int(count)))
    }
}
