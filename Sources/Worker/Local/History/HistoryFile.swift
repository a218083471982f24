// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Logging
import SteelyardCore
import SteelyardSystem
import Synchronization
import SystemPackage

/// Keeps the history in the state directory, so that it survives the agent: a line of JSON for each entry.
///
/// Entries are written on a queue of their own: a disk that does not answer delays no reply. They are not flushed to the disk; a power
/// failure may lose the last lines.
final class HistoryFile: JobObserver {
    private struct State {
        var history = History()
        /// The file's size; nil if it must be written anew before a line is added.
        var byteCount: Int?
        /// Whether the last write has failed.
        var hasFailed = false
        /// The entries to write.
        var pending: [HistoryEntry] = []
        var isWriting = false
    }

    static let name = "history.jsonl"
    /// From this size on, the file is written anew with the entries that are shown.
    private static let greatestSize = 128 << 10
    /// A larger file was not written by an agent.
    private static let readLimit = 4 << 20

    private let path: FilePath
    private let logger: Logger
    /// Whether the file is left as it is.
    private let isReadOnly: Bool
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "history")
    /// How long the end of the agent waits for the last entries.
    private static let flushLimit = DispatchTimeInterval.seconds(1)

    /// Reads the history that the last agent has left.
    init(in folder: FilePath, logger: Logger, isReadOnly: Bool) {
        path = folder.appending(Self.name)
        self.logger = logger
        self.isReadOnly = isReadOnly
        let found = read()
        state.withLock { $0 = found }
    }

    /// The history now.
    var history: History { state.withLock { $0.history } }

    /// Asks the driver what the device does when the agent is started, unless the history shows it.
    func begin(with driver: any LoadBalancerDriver) async {
        guard history.phase == nil else { return }
        let status: DeviceStatus
        do throws(DriverError) { status = try await driver.status() } catch { return }
        state.withLock { $0.history.initialPhase = DevicePhase(status) }
    }

    func jobBegan() {}

    func jobEnded(_ record: JobRecord) {
        guard let entry = HistoryEntry(record) else { return }
        let mustBegin = state.withLock { state in
            let added = state.history.add(entry)
            guard !isReadOnly else { return false }
            state.pending.append(added)
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if mustBegin { queue.async { self.writePending() } }
    }

    /// Waits until the entries are written, for at most a second.
    func flush() {
        let end = DispatchWorkItem {}
        queue.async(execute: end)
        _ = end.wait(timeout: .now() + Self.flushLimit)
    }

    /// Writes what has come until now, and what comes meanwhile.
    private func writePending() {
        while true {
            let work = state.withLock { state -> (entries: [HistoryEntry], all: [HistoryEntry], byteCount: Int?)? in
                state.isWriting = !state.pending.isEmpty
                guard state.isWriting else { return nil }
                defer { state.pending = [] }
                return (state.pending, state.history.entries, state.byteCount)
            }
            guard let work else { return }
            do throws(FileError) {
                let byteCount = try write(work.entries, orAll: work.all, after: work.byteCount)
                state.withLock { ($0.byteCount, $0.hasFailed) = (byteCount, false) }
            } catch {
                let isFirst = state.withLock { state in
                    defer { (state.byteCount, state.hasFailed) = (nil, true) }
                    return !state.hasFailed
                }
                if isFirst { logger.error("changes not kept in the history", metadata: [LogKeys.error: "\(error)"]) }
            }
        }
    }

    /// Reads a history without an agent.
    ///
    /// - Returns: What could be read; empty if there is no file.
    /// - Throws: `FileError` if the file cannot be read.
    static func read(in folder: FilePath) throws(FileError) -> History {
        let bytes = try AtomicFile.readOfAnyUser(folder.appending(name), atMost: readLimit) ?? []
        return parse(bytes).history
    }

    /// - Returns: The entries, and whether all lines could be read but the last one, whose end a crash may have lost.
    private static func parse(_ bytes: [UInt8]) -> (history: History, isWhole: Bool) {
        var history = History()
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        var unreadable: [Int] = []
        for (number, line) in lines.enumerated() {
            if let entry = HistoryEntry(line: Array(line)) {
                history.add(entry)
            } else {
                unreadable.append(number)
            }
        }
        let hasCutLine = bytes.last != UInt8(ascii: "\n") && unreadable == [lines.count - 1]
        return (history, unreadable.isEmpty || hasCutLine)
    }

    private func read() -> State {
        do throws(FileError) {
            guard let bytes = try AtomicFile.read(path, atMost: Self.readLimit) else { return State(byteCount: 0) }
            let (history, isWhole) = Self.parse(bytes)
            if !isWhole { setAside() }
            let isAppendable = isWhole && (bytes.isEmpty || bytes.last == UInt8(ascii: "\n"))
            return State(history: history, byteCount: isAppendable ? bytes.count : nil)
        } catch {
            logger.error("history cannot be read", metadata: [LogKeys.error: "\(error)"])
            if error.reason == .fileTooLarge { setAside() }
            return State()
        }
    }

    private func setAside() {
        guard !isReadOnly else { return }
        do throws(FileError) {
            let other = try AtomicFile.setAside(path)
            logger.error(
                "history is corrupt or not written by Steelyard; moved to another name",
                metadata: [LogKeys.file: "\(other)"]
            )
        } catch { logger.error("history cannot be moved to another name", metadata: [LogKeys.error: "\(error)"]) }
    }

    /// Appends entries, or writes the file anew if it would be too large, or must be.
    ///
    /// - Returns: The file's size.
    private func write(
        _ entries: [HistoryEntry],
        orAll all: [HistoryEntry],
        after byteCount: Int?
    ) throws(FileError) -> Int {
        let lines = entries.suffix(History.changeCount + 1).flatMap(\.line)
        guard let byteCount, byteCount + lines.count <= Self.greatestSize else {
            let bytes = all.flatMap(\.line)
            try PreparedFile(bytes, for: path, isFlushed: false).commit(isFlushed: false)
            return bytes.count
        }
        let descriptor = try OwnFile.open(path, .writeOnly, options: [.create, .append], permissions: .ownerReadWrite)
        do {
            try descriptor.closeAfter { _ = try descriptor.writeAll(lines) }
        } catch { throw FileError("write", path, error) }
        return byteCount + lines.count
    }
}
