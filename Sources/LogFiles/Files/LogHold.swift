// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardSystem
import Synchronization
import SystemPackage

/// Keeps log files readable after they are removed, with hard links in a directory of the agent.
///
/// Hard links cost no descriptors. The current log and the files of logrotate get none: logrotate rejects files with
/// several hard links.
final class LogHold: Sendable {
    private static let count = Atomic<Int>(0)
    /// While one hold creates its directory, no other may remove the parent.
    private static let gate = Mutex(())

    private let folder: FilePath
    /// The files and their hard links.
    let entries: [(original: LogFolder.Entry, path: FilePath)]

    /// Creates hard links to files, except those on another file system.
    ///
    /// - Parameter base: The parent directory of all holds; it need not exist.
    init?(_ files: [LogFolder.Entry], in base: FilePath) {
        guard !files.isEmpty else { return nil }
        folder = base.appending("\(getpid())-\(Self.count.add(1, ordering: .relaxed).newValue)")
        Self.remove(folder)
        guard (try? Self.gate.withLock({ [folder] _ in try AtomicFile.makeFolder(folder) })) != nil else { return nil }
        var entries: [(original: LogFolder.Entry, path: FilePath)] = []
        for file in files {
            guard let name = file.path.lastComponent else { continue }
            let path = folder.appending(name)
            guard unsafe link(file.path.string, path.string) == 0 else { continue }
            entries.append((file, path))
        }
        self.entries = entries
    }

    deinit {
        Self.remove(folder)
        Self.gate.withLock { _ in _ = unsafe rmdir(folder.removingLastComponent().string) }
    }

    /// Removes the holds of a killed agent.
    static func removeAll(in base: FilePath) {
        for name in (try? AtomicFile.names(in: base)) ?? [] { remove(base.appending(name)) }
        unsafe rmdir(base.string)
    }

    private static func remove(_ folder: FilePath) {
        for name in (try? AtomicFile.names(in: folder)) ?? [] { unsafe unlink(folder.appending(name).string) }
        unsafe rmdir(folder.string)
    }
}
