// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import Synchronization

/// The destination, the level and the format of the agent's log.
final class LogOutput: Sendable {
    /// The format of a line.
    enum Format: String, CaseIterable, Sendable { case text, json }

    private let format: Mutex<Format>
    /// The level's rank, read for each event.
    private let leastLevel: Atomic<Int>
    private let descriptor: Int32
    /// Whether each line begins with its priority, as the journal expects.
    private let isJournal: Bool

    /// - Parameters:
    ///   - descriptor: The file descriptor to write to.
    ///   - journal: The value of JOURNAL_STREAM: the device and the inode of the journal's socket.
    init(_ settings: LogSettings, descriptor: Int32 = STDERR_FILENO, journal: String? = nil) {
        format = Mutex(settings.format)
        leastLevel = Atomic(Self.rank(settings.level))
        self.descriptor = descriptor
        isJournal = journal.map { Self.isConnected(descriptor, to: $0) } ?? false
    }

    var level: Logger.Level { Logger.Level.allCases[leastLevel.load(ordering: .relaxed)] }

    /// Applies other settings to later events.
    func apply(_ settings: LogSettings) {
        format.withLock { $0 = settings.format }
        leastLevel.store(Self.rank(settings.level), ordering: .relaxed)
    }

    func write(_ line: LogLine) {
        let format = format.withLock { $0 }
        var bytes = isJournal ? Array("<\(line.priority)>".utf8) : []
        bytes += format == .json ? line.json : line.text
        bytes.append(UInt8(ascii: "\n"))
        // One write, so that lines of several threads do not mix; more only if a signal interrupts it.
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes[written...].withUnsafeBytes { buffer in
                unsafe Glibc.write(descriptor, buffer.baseAddress, buffer.count)
            }
            if count > 0 { written += count } else if errno != EINTR { return }
        }
    }

    private static func rank(_ level: Logger.Level) -> Int { Logger.Level.allCases.firstIndex(of: level) ?? 0 }

    private static func isConnected(_ descriptor: Int32, to stream: String) -> Bool {
        var information = stat()
        guard unsafe fstat(descriptor, &information) == 0 else { return false }
        return stream == "\(information.st_dev):\(information.st_ino)"
    }
}
