// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardSystem
import Synchronization
package import SystemPackage

/// One file of the log, as it was when the log was opened.
///
/// It is opened again each time it is read, unless it is kept open; a file that was renamed meanwhile is found again.
package final class LogFile: Sendable {
    /// As much of a file's beginning distinguishes it from any other: a few lines, each with its time.
    package static let headSize = 1024

    /// A compressed file that ends early and was not written for so long is damaged, in nanoseconds.
    private static let writingTime: Int64 = 600 * 1_000_000_000

    /// Where the file was.
    package let path: FilePath
    /// What its name states.
    package let name: LogFileName
    /// Its compression, by its content; nil for a plain file.
    package let compression: Compression?
    let status: LogDescriptor.FileStatus
    /// Where its content begins, decompressed.
    ///
    /// HAProxy continues at its old offset in a file that was emptied or rotated: before the content are NULs.
    package let start: UInt64
    /// The beginning of its content, decompressed.
    package let head: [UInt8]

    private let folder: LogFolder
    private let kept: Mutex<LogDescriptor?>
    private let knownLength = Mutex<UInt64?>(nil)

    /// The bytes that it had on the disk when it was opened.
    package var size: UInt64 { status.size }

    /// The bytes of its content, as they are on the disk.
    package var byteCount: UInt64 { isCompressed ? size : size - start }

    package var isCompressed: Bool { compression != nil }

    /// Opens a file; the log itself is not rotated by the agent while its file is kept.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - name: What its name states.
    ///   - folder: Where it is found again.
    ///   - isShared: Whether to wait for a rotation of the log itself, and to keep the next one waiting.
    /// - Returns: nil if there is no file of the name any more.
    /// - Throws: `LogFileError` if it cannot be read, or has a format that cannot be read.
    package init?(
        _ path: FilePath,
        _ name: LogFileName,
        in folder: LogFolder,
        isShared: Bool = true
    ) throws(LogFileError) {
        self.path = path
        self.name = name
        self.folder = folder
        let isCurrent = name.age == .current
        let file: LogDescriptor
        do throws(LogFileError) { file = try LogDescriptor(path, isLocked: isShared && isCurrent) } catch {
            guard error.isMissing else { throw error }
            return nil
        }
        status = file.status
        kept = Mutex(isCurrent ? file : nil)
        compression = isCurrent ? nil : try Self.compression(of: file, name)
        if let compression {
            (start, head) = try DecompressedFile.head(of: file, compression, atMost: Self.headSize)
        } else {
            let content: Range<UInt64>?
            do { content = try SparseFile.content(of: file.descriptor) } catch { throw LogFileError(path, error) }
            start = min(file.status.size, content?.lowerBound ?? file.status.size)
            head = try file.read(at: start, atMost: Int(min(file.status.size - start, UInt64(Self.headSize))))
        }
    }

    private static func compression(of file: LogDescriptor, _ name: LogFileName) throws(LogFileError) -> Compression? {
        let known = Compression.allCases.map(\.rawValue).joined(separator: ", ")
        switch Compression.content(of: try file.read(at: 0, atMost: Compression.magicSize)) {
        case .compressed(let compression): return compression
        case .plain:
            // An empty file is one that was emptied, or has just been made.
            guard let format = name.format, file.status.size > 0 else { return nil }
            throw Compression(rawValue: format) == nil
                ? LogFileError(file.path, "its format \(format) is not supported; the supported ones are \(known)")
                : LogFileError(file.path, "its content is not \(format), though its name ends so; repair or move it")
        case .unknown(let format):
            throw LogFileError(file.path, "its format \(format) is not supported; the supported ones are \(known)")
        }
    }

    /// Whether it is the very file that another is.
    func isSameFile(as other: LogFile) -> Bool { status.isSameFile(as: other.status) }

    // MARK: - Reading

    /// Keeps the file open, so that it can be read when it was removed meanwhile.
    func keepOpen() { kept.withLock { $0 = $0 ?? (try? LogDescriptor(path)).flatMap { isThisFile($0) ? $0 : nil } } }

    /// Opens the file, wherever it is now.
    ///
    /// - Throws: `LogFileError`; `isMissing` if it was removed.
    func open() throws(LogFileError) -> LogDescriptor {
        if let file = kept.withLock({ $0 }) { return file }
        do throws(LogFileError) {
            let file = try LogDescriptor(path)
            if isThisFile(file) { return file }
        } catch {
            guard error.isMissing else { throw error }
        }
        if let path = folder.path(of: status) {
            let file = try LogDescriptor(path)
            if isThisFile(file) { return file }
        }
        throw LogFileError(path, "it was removed while the log was read", isMissing: true)
    }

    private func isThisFile(_ file: LogDescriptor) -> Bool {
        guard file.status.isSameFile(as: status) else { return false }
        // The number of an inode is given again once a file is removed.
        guard !isCompressed else { return file.status.size == status.size }
        return (try? file.read(at: start, atMost: min(head.count, 256)))?.elementsEqual(head.prefix(256)) ?? false
    }

    /// Reads some bytes as they are on the disk.
    package func read(at offset: UInt64, atMost count: Int) throws(LogFileError) -> [UInt8] {
        try open().read(at: offset, atMost: count)
    }

    /// The offset after the last whole line of a file that is not compressed; 0 if there is none.
    ///
    /// - Parameter limit: Where to look for it at most; nil for the end of the file.
    func endOfLines(upTo limit: UInt64? = nil) throws(LogFileError) -> UInt64 {
        let file = try open()
        let end = max(start, min(limit ?? size, size))
        do { return try SparseFile.endOfLines(file.descriptor, in: start..<end) ?? 0 } catch {
            throw LogFileError(path, error)
        }
    }

    /// Why its compressed data ends early, where another program may still be writing it; nil for a file that is complete
    /// or has not been written for ``writingTime``.
    func truncation(now: Int64) -> LogFileError? {
        guard isCompressed, now.subtractingReportingOverflow(status.modified).partialValue < Self.writingTime else {
            return nil
        }
        do throws(LogFileError) { _ = try contentLength() } catch { return error.isTruncated ? error : nil }
        return nil
    }

    /// The bytes of its content, decompressed; a compressed file is read for that, once.
    func contentLength() throws(LogFileError) -> UInt64 {
        guard let compression else { return byteCount }
        if let known = knownLength.withLock({ $0 }) { return known }
        let stream = try DecompressedFile(open(), compression, size: size)
        let length = try stream.readToEnd() - start
        knownLength.withLock { $0 = length }
        return length
    }
}
