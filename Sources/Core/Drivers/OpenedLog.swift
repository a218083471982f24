// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A log that has been opened for archiving, as it was at that moment: what is removed or added later changes nothing.
public protocol OpenedLog: Sendable {
    /// How many bytes there are to read, before lines are picked, for the progress.
    var byteCount: UInt64 { get }

    /// Begins to read from the oldest line on; called again where an upload has to begin again.
    ///
    /// - Throws: `DriverError` where the log cannot be read.
    func makeReader() throws(DriverError) -> any LogReader
}

/// Reads an opened log from its beginning to its end: only the lines of one kind of load balancer.
///
/// The archiver reads on a thread of its own that may block.
public protocol LogReader: Sendable {
    /// Reads on.
    ///
    /// - Returns: Some more lines, possibly none, and how far the reading has come; nil at the end.
    /// - Throws: `DriverError` where the log cannot be read.
    func next() throws(DriverError) -> LogChunk?
}

/// Some lines of a log.
public struct LogChunk: Sendable {
    /// The lines, each with its newline.
    public let lines: [UInt8]
    /// How many bytes of the log have been read until now, of ``OpenedLog/byteCount``.
    public let position: UInt64

    /// Creates a chunk.
    public init(lines: [UInt8], position: UInt64) {
        self.lines = lines
        self.position = position
    }
}
