// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore

/// Reads the content of one file of the log, from one place on.
///
/// A file that is emptied or removed while it is read is read on in the copy that was made of it before.
final class LogFileStream {
    private let original: LogFile
    private let folder: LogFolder
    private let report: LogReport
    private var file: LogFile
    /// The open file; nil if nothing of it can be read.
    private var source: LogDescriptor?
    private var decompressed: DecompressedFile?
    /// The place in the original, decompressed.
    private(set) var offset: UInt64 = 0
    /// How much further on the same content begins in the original than in the file that is read.
    private var shift: UInt64 = 0
    /// Whether the rest of the content is gone.
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

    /// How many bytes of the file, as it is on the disk, have been read.
    var position: UInt64 {
        if isCutOff { return original.byteCount }
        // Offsets in a compressed file are of its content.
        if original.isCompressed { return min(decompressed?.position ?? 0, original.size) }
        return min(max(offset, original.start), original.size) - original.start
    }

    /// Continues at a place further on.
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

    /// Reads on.
    ///
    /// - Returns: How many bytes; 0 at the end of what there was when the log was opened.
    /// - Throws: `LogFileError`.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(LogFileError) -> Int {
        // What is compressed is read to its end, but for the copy of a file that was to be read up to some place.
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
        // Asked afterwards: what was read may be another log's that has grown in the place of this one.
        guard count > 0, try isUntouched(source) else {
            guard try findCopy() else { return 0 }
            return try unsafe read(into: buffer)
        }
        offset += UInt64(count)
        return count
    }

    /// Whether the file still begins as it did: one that was emptied meanwhile does not.
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
                "the log was emptied or removed while it was read; reading on in its copy",
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
            LogFileError(original.path, "it was emptied or removed while it was read, and there is no copy of it"),
            lostBytes: lost
        )
        return false
    }
}
