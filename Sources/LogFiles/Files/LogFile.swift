// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardSystem
import Synchronization
package import SystemPackage

/// A log file, as it was when the log was opened.
///
/// It is opened again for each reading, unless it is kept open; if it was renamed, it is found by its inode.
package final class LogFile: Sendable {
    /// Enough of a file's start to identify it: a few lines, each with its time.
    package static let headSize = 1024

    /// A truncated compressed file that has not been modified for this long is corrupt, in nanoseconds.
    private static let writingTime: Int64 = 600 * 1_000_000_000

    /// The path of the file when it was opened.
    package let path: FilePath
    /// The parsed name.
    package let name: LogFileName
    /// Its compression, detected by its content; nil for a plain file.
    package let compression: Compression?
    let status: LogDescriptor.FileStatus
    /// The offset of its content, decompressed.
    ///
    /// HAProxy continues at its old offset in a truncated file, so NULs may precede the content.
    package let start: UInt64
    /// The first ``headSize`` bytes of its content, decompressed.
    package let head: [UInt8]

    private let folder: LogFolder
    private let kept: Mutex<LogDescriptor?>
    private let knownLength = Mutex<UInt64?>(nil)

    /// The size on disk when it was opened.
    package var size: UInt64 { status.size }

    /// The size of its content on disk.
    package var byteCount: UInt64 { isCompressed ? size : size - start }

    package var isCompressed: Bool { compression != nil }

    /// Opens a file; the agent does not rotate the current log while its file is kept open.
    ///
    /// - Parameters:
    ///   - path: The path of the file.
    ///   - name: The parsed name.
    ///   - folder: The directory in which it is found again after a rename.
    ///   - isShared: Whether to take a shared lock, which excludes a rotation of the current log.
    /// - Returns: nil if the file no longer exists.
    /// - Throws: `LogFileError` if it cannot be read, or has an unsupported format.
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
            // An empty file was truncated, or has just been created.
            guard let format = name.format, file.status.size > 0 else { return nil }
            throw Compression(rawValue: format) == nil
                ? LogFileError(file.path, "unsupported format \(format); supported formats: \(known)")
                : LogFileError(file.path, "not \(format) data despite its name; repair it or move it")
        case .unknown(let format):
            throw LogFileError(file.path, "unsupported format \(format); supported formats: \(known)")
        }
    }

    /// Returns whether both are the same inode.
    func isSameFile(as other: LogFile) -> Bool { status.isSameFile(as: other.status) }

    // MARK: - Reading

    /// Keeps the file open, so that it stays readable after it is removed.
    func keepOpen() { kept.withLock { $0 = $0 ?? (try? LogDescriptor(path)).flatMap { isThisFile($0) ? $0 : nil } } }

    /// Opens the file at its current path.
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
        throw LogFileError(path, "removed while the log was read", isMissing: true)
    }

    private func isThisFile(_ file: LogDescriptor) -> Bool {
        guard file.status.isSameFile(as: status) else { return false }
        // The kernel reuses inode numbers of removed files.
        guard !isCompressed else { return file.status.size == status.size }
        return (try? file.read(at: start, atMost: min(head.count, 256)))?.elementsEqual(head.prefix(256)) ?? false
    }

    /// Reads bytes as stored on disk.
    package func read(at offset: UInt64, atMost count: Int) throws(LogFileError) -> [UInt8] {
        try open().read(at: offset, atMost: count)
    }

    /// Returns the offset after the last whole line of an uncompressed file; 0 if there is none.
    ///
    /// - Parameter limit: The end of the search; nil for the end of the file.
    func endOfLines(upTo limit: UInt64? = nil) throws(LogFileError) -> UInt64 {
        let file = try open()
        let end = max(start, min(limit ?? size, size))
        do { return try SparseFile.endOfLines(file.descriptor, in: start..<end) ?? 0 } catch {
            throw LogFileError(path, error)
        }
    }

    /// Returns the error of truncated compressed data that another program may still be writing; nil if the file is
    /// complete or has not been modified for ``writingTime``.
    func truncation(now: Int64) -> LogFileError? {
        guard isCompressed, now.subtractingReportingOverflow(status.modified).partialValue < Self.writingTime else {
            return nil
        }
        do throws(LogFileError) { _ = try contentLength() } catch { return error.isTruncated ? error : nil }
        return nil
    }

    /// Returns the size of its content, decompressed; the first call reads a compressed file.
    func contentLength() throws(LogFileError) -> UInt64 {
        guard let compression else { return byteCount }
        if let known = knownLength.withLock({ $0 }) { return known }
        let stream = try DecompressedFile(open(), compression, size: size)
        let length = try stream.readToEnd() - start
        knownLength.withLock { $0 = length }
        return length
    }
}
