// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import LogFiles
import Logging
import SteelyardCore

/// Reads the content of one file of the log, from one place on.
///
/// A file that is emptied while it is read is read on in the copy that was made of it before.
final class LogFileStream {
    private let original: LogFile
    private let folder: LogFolder
    private let logger: Logger
    private var file: LogFile
    private var gzip: GzipFileStream?
    /// The place in the original, decompressed.
    private(set) var offset: UInt64 = 0
    /// How much further on the same content begins in the original than in the file that is read.
    private var shift: UInt64 = 0
    /// Whether the rest of the content is gone.
    private(set) var isCutOff = false

    init(_ file: LogFile, in folder: LogFolder, _ logger: Logger) throws(DriverError) {
        original = file
        self.file = file
        self.folder = folder
        self.logger = logger
        gzip = try Self.gzip(file)
    }

    /// How much of the file, as it is on the disk, has been read.
    var position: UInt64 {
        if let gzip { return min(gzip.position, original.size) }
        return min(max(offset, original.start), original.size) - original.start
    }

    /// Goes to a place further on.
    func skip(to place: UInt64) throws(DriverError) {
        guard place > offset else { return }
        guard file.name.isCompressed else {
            offset = place
            return
        }
        var scratch = [UInt8](repeating: 0, count: 64 << 10)
        while offset < place {
            let count = Int(min(place - offset, UInt64(scratch.count)))
            var span = scratch.mutableSpan
            let more = try unsafe span.withUnsafeMutableBytes { buffer throws(DriverError) -> Int in
                try unsafe read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
            }
            guard more > 0 else { return }
        }
    }

    /// Reads on.
    ///
    /// - Returns: How many bytes; 0 at the end of what there was when the log was opened.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(DriverError) -> Int {
        // What is compressed is read to its end, but for the copy of a file that was to be read up to some place.
        let limit = original.name.isCompressed ? UInt64.max : original.size
        let wanted = Int(min(UInt64(buffer.count), limit - min(offset, limit)))
        guard wanted > 0, !isCutOff else { return 0 }
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted])
        if let gzip {
            let count = try unsafe gzip.read(into: room)
            offset += UInt64(count)
            return count
        }
        let count = try unsafe file.read(at: offset - min(offset, shift), into: room)
        // Asked afterwards: what was read may be another log's that has grown in the place of this one.
        guard count > 0, try file.isUntouched() else {
            guard try findCopy() else { return 0 }
            return try unsafe read(into: buffer)
        }
        offset += UInt64(count)
        return count
    }

    private func findCopy() throws(DriverError) -> Bool {
        if file === original, let copy = folder.copy(of: original), copy.start <= original.start {
            logger.info(
                "the log was emptied while it was read; reading on in its copy",
                metadata: [LogKeys.file: "\(copy.path)"]
            )
            let place = offset
            file = copy
            gzip = try Self.gzip(copy)
            shift = original.start - copy.start
            offset = shift
            try skip(to: place)
            return true
        }
        isCutOff = true
        logger.warning(
            "the log was emptied while it was read, and no copy of it is there; its last lines are lost",
            metadata: [
                LogKeys.file: "\(original.path)",
                LogKeys.lostBytes: "\(original.byteCount - min(position, original.byteCount))",
            ]
        )
        return false
    }

    private static func gzip(_ file: LogFile) throws(DriverError) -> GzipFileStream? {
        file.name.isCompressed ? try GzipFileStream(file.path, file.descriptor, file.size) : nil
    }
}
