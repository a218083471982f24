// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore

/// Reads the content of one log file, starting at a given place.
///
/// If the file is truncated or removed meanwhile, reading continues in the copy that was made before.
final class LogFileStream {
    private let original: LogFile
    private let folder: LogFolder
    private let report: LogReport
    private var file: LogFile
    /// The open file; nil if nothing more can be read.
    private var source: LogDescriptor?
    private var decompressed: DecompressedFile?
    /// The offset in the original, decompressed.
    private(set) var offset: UInt64 = 0
    /// The offset of the same content in the original minus its offset in the file that is read.
    private var shift: UInt64 = 0
    /// Whether the rest of the content is lost.
    private(set) var isCutOff = false

    /// - Throws: `LogFileError` if the file cannot be opened.
    init(_ file: LogFile, in folder: LogFolder, _ report: LogReport) throws(LogFileError) {
        original = file
        self.file = file
        self.folder = folder
        self.report = report
        do throws(LogFileError) { try open(file) } catch {
            guard error.isMissing else { throw error }
            _ = try findCopy()
        }
    }

    /// The bytes of the file read so far, as stored on disk.
    var position: UInt64 {
        if isCutOff { return original.byteCount }
        // Offsets in a compressed file refer to its content.
        if original.isCompressed { return min(decompressed?.position ?? 0, original.size) }
        return min(max(offset, original.start), original.size) - original.start
    }

    /// Skips to a later offset.
    ///
    /// - Throws: `LogFileError`.
    func skip(to place: UInt64) throws(LogFileError) {
        guard place > offset else { return }
        guard decompressed != nil else {
            offset = place
            return
        }
        var scratch = [UInt8](repeating: 0, count: 64 << 10)
        while offset < place {
            let count = Int(min(place - offset, UInt64(scratch.count)))
            var span = scratch.mutableSpan
            let more = try unsafe span.withUnsafeMutableBytes { buffer throws(LogFileError) -> Int in
                try unsafe read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
            }
            guard more > 0 else { return }
        }
    }

    /// Reads the next bytes.
    ///
    /// - Returns: The number of bytes; 0 at the end that the log had when it was opened.
    /// - Throws: `LogFileError`.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(LogFileError) -> Int {
        // Compressed files are read to their end, except the copy of a file with a limit.
        let limit = original.isCompressed ? UInt64.max : original.size
        let wanted = Int(min(UInt64(buffer.count), limit - min(offset, limit)))
        guard wanted > 0, !isCutOff, let source else { return 0 }
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted])
        if let decompressed {
            let count = try unsafe decompressed.read(into: room)
            offset += UInt64(count)
            return count
        }
        let count = try unsafe source.read(at: offset - min(offset, shift), into: room)
        // Checked after reading: the bytes may be those of a new log in place of this one.
        guard count > 0, try isUntouched(source) else {
            guard try findCopy() else { return 0 }
            return try unsafe read(into: buffer)
        }
        offset += UInt64(count)
        return count
    }

    /// Returns whether the file still has the same start: a truncated file does not.
    private func isUntouched(_ source: LogDescriptor) throws(LogFileError) -> Bool {
        let count = min(file.head.count, 256)
        return try source.read(at: file.start, atMost: count).elementsEqual(file.head.prefix(count))
    }

    private func open(_ file: LogFile) throws(LogFileError) {
        let source = try file.open()
        decompressed = try file.compression.map { compression throws(LogFileError) in
            try DecompressedFile(source, compression, size: file.size)
        }
        self.source = source
    }

    private func findCopy() throws(LogFileError) -> Bool {
        if file === original, let copy = folder.copy(of: original) {
            report.logger.info(
                "log truncated or removed while it was read; continuing in its copy",
                metadata: [LogKeys.file: "\(copy.path)"]
            )
            let place = offset
            file = copy
            try open(copy)
            shift = original.start - copy.start
            offset = shift
            try skip(to: place)
            return true
        }
        let lost = original.byteCount - min(position, original.byteCount)
        isCutOff = true
        report.add(
            LogFileError(original.path, "truncated or removed while it was read, without a copy"),
            lostBytes: lost
        )
        return false
    }
}
