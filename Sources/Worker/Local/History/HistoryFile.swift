// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SteelyardSystem
import Synchronization
import SystemPackage

/// Keeps the history in the state directory, so that it survives the agent: a line of JSON for each entry.
///
/// A change costs one write at the end of the file, which is not flushed: a power failure may lose the last lines.
final class HistoryFile: JobObserver {
    private struct State {
        var history = History()
        /// The file's size; nil if it must be written anew before a line is added.
        var byteCount: Int?
        /// Whether the last write has failed.
        var hasFailed = false
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
        let error = state.withLock { state -> FileError? in
            let added = state.history.add(entry)
            guard !isReadOnly else { return nil }
            do throws(FileError) {
                try write(added, &state)
                state.hasFailed = false
                return nil
            } catch {
                defer { state.hasFailed = true }
                state.byteCount = nil
                return state.hasFailed ? nil : error
            }
        }
        if let error { logger.error("change not kept in the history", metadata: [LogKeys.error: "\(error)"]) }
    }

    /// Reads a history without an agent.
    ///
    /// - Returns: What could be read; empty if there is no file.
    /// - Throws: `FileError` if the file cannot be read.
    static func read(in folder: FilePath) throws(FileError) -> History {
        let bytes = try AtomicFile.read(folder.appending(name), atMost: readLimit) ?? []
        return parse(bytes).history
    }

    /// - Returns: The entries, and whether all lines could be read but the last one, whose end a crash may have lost.
    private static func parse(_ bytes: [UInt8]) -> (history: History, isWhole: Bool) {
        var history = History()
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        var unreadable: [Int] = []
        for (number, line) in lines.enumerated() {
            if let entry = StateFile.decode(HistoryEntry.self, from: Array(line)) {
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

    private func write(_ entry: HistoryEntry, _ state: inout State) throws(FileError) {
        let line = StateFile.encode(entry)
        guard let byteCount = state.byteCount, byteCount + line.count <= Self.greatestSize else {
            let bytes = state.history.entries.flatMap(StateFile.encode)
            try PreparedFile(bytes, for: path, isFlushed: false).commit(isFlushed: false)
            state.byteCount = bytes.count
            return
        }
        let descriptor = try OwnFile.open(path, .writeOnly, options: [.create, .append], permissions: .ownerReadWrite)
        do {
            try descriptor.closeAfter { _ = try descriptor.writeAll(line) }
        } catch { throw FileError("write", path, error) }
        state.byteCount = byteCount + line.count
    }
}
