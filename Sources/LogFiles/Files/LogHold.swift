// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardSystem
import Synchronization
import SystemPackage

/// Keeps files of a log readable after they were removed, by second names in a folder of the agent's own.
///
/// Second names cost no descriptors. The log itself gets none, and neither do files that logrotate handles: it refuses
/// files with several names.
final class LogHold: Sendable {
    private static let count = Atomic<Int>(0)
    /// While a folder is made, the one that it is in must stay.
    private static let gate = Mutex(())

    private let folder: FilePath
    /// What was held, with the second names.
    let entries: [(original: LogFolder.Entry, path: FilePath)]

    /// Gives second names to files; one that is on another file system gets none.
    ///
    /// - Parameter base: The folder of all holds; it need not exist.
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

    /// Removes the holds that an agent has left that was killed.
    static func removeAll(in base: FilePath) {
        for name in (try? AtomicFile.names(in: base)) ?? [] { remove(base.appending(name)) }
        unsafe rmdir(base.string)
    }

    private static func remove(_ folder: FilePath) {
        for name in (try? AtomicFile.names(in: folder)) ?? [] { unsafe unlink(folder.appending(name).string) }
        unsafe rmdir(folder.string)
    }
}
