// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import LogFiles
import Logging
import SteelyardCore
import SteelyardSystem
import Synchronization
import SystemPackage

/// Rotates the log that HAProxy writes into itself, so that its disk usage is bounded.
///
/// HAProxy keeps the file open and writes at its own offset. So the agent copies the oldest lines to a new file, and
/// then punches a hole at their place in the log: the log keeps its size. A line that HAProxy writes meanwhile is not
/// touched. If the agent ends in between, ``recover()`` punches the hole; until then, archives leave the copy out.
final class LogRotation: Sendable {
    /// The completed step of a rotation.
    enum Step: String, CaseIterable, Codable, Sendable {
        case copied, named, freed
    }

    private struct State {
        var isBusy = false
        var cannotFree = false
        var hasFailed = false
    }

    /// Enough for a few hundred lines.
    static let leastBytes = 65_536
    private static let interval = Duration.seconds(10)
    private static let startLogBytes: Int64 = 1 << 20
    private static let gate = Mutex(())

    private let files: DeviceFiles
    private let limit: UInt64
    private let count: Int
    private let logger: Logger
    private let onStep: @Sendable (Step) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - bytes: The size of the content at which the log is rotated, and the maximum size of a rotated file; 0
    ///     disables rotation.
    ///   - count: The number of rotated files to keep.
    ///   - onStep: Called after each step; the agent may end between any two.
    init(
        _ files: DeviceFiles,
        bytes: Int,
        count: Int,
        _ logger: Logger,
        onStep: @escaping @Sendable (Step) -> Void = { _ in }
    ) {
        self.files = files
        limit = files.hasLogDaemon ? 0 : UInt64(clamping: bytes)
        self.count = count
        self.logger = logger
        self.onStep = onStep
    }

    /// Prevents rotations from finishing while files of the log are removed.
    static func whileNoneEnds<Success: Sendable>(_ body: () throws -> Success) rethrows -> Success {
        try gate.withLock { _ in try body() }
    }

    /// Finishes a rotation that the agent's end interrupted; call it before anything else reads the log.
    func recover() async {
        await perform { [self] in
            try? AtomicFile.remove(files.rotatingLog)
            if let log = try open() { try log.closeAfter { try finishInterrupted(log) } }
        }
    }

    /// Rotates the log if it is large enough and no archive reads it; call it every few seconds.
    func rotateIfNeeded() async {
        guard limit > 0 else { return }
        shortenStartLog()
        guard let content = SparseFile.content(of: files.log), content.upperBound - content.lowerBound >= limit else {
            return
        }
        await perform { [self] in
            guard let log = try open() else { return }
            try log.closeAfter {
                try finishInterrupted(log)
                while try rotate(log) {}
            }
        }
    }

    /// Limits the size of the log until the task is cancelled.
    func run() async {
        await recover()
        while !Task.isCancelled {
            await rotateIfNeeded()
            try? await Task.sleep(for: Self.interval)
        }
    }

    /// Runs one operation at a time on a dedicated thread, and logs its error once.
    private func perform(_ body: @escaping @Sendable () throws -> Void) async {
        let isFree = state.withLock { state in
            defer { state.isBusy = true }
            return !state.isBusy
        }
        guard isFree else { return }
        let result: Result<Void, any Error>
        do throws(ThreadError) {
            result = try await DedicatedThread.run(name: "haproxy-log") { Result { try body() } }
        } catch { result = .failure(error) }
        let hasFailed = state.withLock { state in
            defer { state.isBusy = false }
            defer { if case .failure = result { state.hasFailed = true } else { state.hasFailed = false } }
            return state.hasFailed
        }
        guard case .failure(let error) = result, !hasFailed else { return }
        logger.warning("cannot rotate HAProxy's log; retrying", metadata: [LogKeys.error: "\(error)"])
    }

    /// Opens the log.
    ///
    /// - Returns: nil if there is none, or if an archive reads it.
    private func open() throws -> FileDescriptor? {
        do {
            let log = try OwnFile.open(files.log, .readWrite)
            if SparseFile.lock(log, isExclusive: true, waits: false) { return log }
            try log.close()
            return nil
        } catch let error as FileError where error.reason == .noSuchFileOrDirectory { return nil }
    }

    // MARK: - One rotation

    /// - Returns: Whether a part of the log was rotated.
    private func rotate(_ log: FileDescriptor) throws -> Bool {
        guard !state.withLock({ $0.cannotFree }), let content = try SparseFile.content(of: log),
            content.upperBound - content.lowerBound >= limit,
            let end = try SparseFile.endOfLines(
                log,
                in: content.lowerBound..<min(content.upperBound, content.lowerBound + limit)
            )
        else { return false }
        let kept = try keptFiles()
        for entry in kept.filter({ $0.name.format == nil }).dropLast(count - 1) { try drop(entry.path) }
        guard try copy(log, content.lowerBound..<end) else { return false }
        onStep(.copied)
        let next = (kept.last?.name.number ?? 0) + 1
        return try Self.whileNoneEnds {
            // A DELETE may have removed the log meanwhile.
            guard SparseFile.names(files.log, log) else {
                try AtomicFile.remove(files.rotatingLog)
                return false
            }
            let name = FilePath(files.log.string + LogFileName.suffix(next))
            try AtomicFile.rename(files.rotatingLog, to: name)
            onStep(.named)
            try SparseFile.free(log, content.lowerBound..<end)
            onStep(.freed)
            logger.info("HAProxy's log rotated", metadata: [LogKeys.file: "\(name)"])
            return true
        }
    }

    /// Copies a part of the log to a temporary file, and flushes it to the disk.
    ///
    /// - Returns: false if the file system does not support hole punching.
    private func copy(_ log: FileDescriptor, _ range: Range<UInt64>) throws -> Bool {
        try AtomicFile.remove(files.rotatingLog, isFlushed: false)
        let copy = try FileDescriptor.open(
            files.rotatingLog,
            .readWrite,
            options: [.create, .exclusiveCreate, .closeOnExec, .noFollow],
            permissions: [.ownerReadWrite, .groupRead]
        )
        do {
            return try copy.closeAfter {
                _ = fchmod(copy.rawValue, 0o640)
                do { try SparseFile.free(copy, 0..<4096) } catch {
                    try AtomicFile.remove(files.rotatingLog, isFlushed: false)
                    state.withLock { $0.cannotFree = true }
                    logger.warning(
                        "the file system of HAProxy's log cannot punch holes; use logrotate with copytruncate",
                        metadata: [LogKeys.file: "\(files.log)", LogKeys.error: "\(error)"]
                    )
                    return false
                }
                try SparseFile.forEachPiece(log, in: range) { try copy.writeAll($0) }
                guard fsync(copy.rawValue) == 0 else { throw Errno(rawValue: errno) }
                return true
            }
        } catch {
            try? AtomicFile.remove(files.rotatingLog, isFlushed: false)
            throw error
        }
    }

    /// Frees the part that the newest rotated file contains, if the agent ended before it did.
    private func finishInterrupted(_ log: FileDescriptor) throws {
        try Self.whileNoneEnds {
            let folder = files.logFolder
            guard let newest = try keptFiles().last, SparseFile.names(files.log, log),
                let copy = try LogFile(newest.path, newest.name, in: folder),
                let file = try LogFile(files.log, .current, in: folder, isShared: false),
                folder.isCopy(copy, of: file)
            else { return }
            var place: UInt64 = 0
            var isEqual = true
            try SparseFile.forEachPiece(log, in: file.start..<(file.start + copy.size)) { piece in
                isEqual = try isEqual && copy.read(at: place, atMost: piece.count).elementsEqual(piece)
                place += UInt64(piece.count)
            }
            if isEqual { try SparseFile.free(log, file.start..<(file.start + copy.size)) }
        }
    }

    // MARK: - Rotated files

    /// The files that the agent has rotated, the oldest first.
    private func keptFiles() throws -> [LogFolder.Entry] {
        let folder = files.log.removingLastComponent()
        return try files.logFolder.entries()
            .filter { $0.name.number != nil && $0.path.removingLastComponent() == folder }
            .sorted { $0.name.number ?? 0 < $1.name.number ?? 0 }
    }

    private func drop(_ path: FilePath) throws {
        let isArchived = isArchived(path)
        try AtomicFile.remove(path, isFlushed: false)
        if isArchived {
            logger.info("oldest rotated log removed after archiving", metadata: [LogKeys.file: "\(path)"])
        } else {
            logger.warning(
                "oldest rotated log removed; lines that were not archived are lost",
                metadata: [LogKeys.file: "\(path)"]
            )
        }
    }

    private struct ArchiveMark: Decodable {
        let mark: String?
    }

    /// Whether the incremental archives of all load balancers contain the whole file.
    private func isArchived(_ path: FilePath) -> Bool {
        guard let log = try? files.logFolder.open(isShared: false).files,
            let index = log.firstIndex(where: { $0.path == path }),
            let names = try? AtomicFile.names(in: files.archiveState)
        else { return false }
        let marks = names.filter { $0.hasSuffix(".json") }.map { name in
            let bytes = try? AtomicFile.read(files.archiveState.appending(name), atMost: 1 << 20)
            return bytes.flatMap { StateFile.decode(ArchiveMark.self, from: $0) }?.mark
        }
        return !marks.isEmpty
            && marks.allSatisfy { mark in
                guard let mark, let places = try? LogPlaces(LogMark(mark)) else { return false }
                return (try? places.offsets(in: log).offsets[index] >= log[index].size) ?? false
            }
    }

    /// Frees all but the end of HAProxy's standard error: HAProxy also reports state changes of nodes there.
    private func shortenStartLog() {
        guard let content = SparseFile.content(of: files.startLog),
            content.upperBound - content.lowerBound > 2 * UInt64(Self.startLogBytes),
            let log = try? OwnFile.open(files.startLog, .readWrite)
        else { return }
        _ = try? log.closeAfter { try SparseFile.free(log, 0..<(content.upperBound - UInt64(Self.startLogBytes))) }
    }
}
