// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The logs of a device, opened for archiving, as they were at that moment: what is removed or added later changes
/// nothing.
public protocol OpenedLog: Sendable {
    /// How many bytes there are to read, before lines are picked, for the progress.
    var byteCount: UInt64 { get }

    /// What of the log cannot be archived. Complete once a reader has come to its end: a file may turn out to be damaged
    /// while it is read.
    var leftOut: [LeftOutLog] { get }

    /// Where the log ends at that moment, behind its last whole line; nil for a driver that keeps no marks, whose logs
    /// can only be archived in full.
    var end: LogMark? { get }

    /// Does what may take long before the log can be read, such as opening and comparing rotated files.
    ///
    /// The archiver calls it when the ARCHIVE has its turn, on its own thread, before it asks for anything else. A driver
    /// that is asked without it does the same then.
    ///
    /// - Throws: `DriverError` where the log cannot be read.
    func prepare() throws(DriverError)

    /// About how many bytes a part has at most once it is compressed, whatever load balancer its lines belong to.
    ///
    /// An object that may outgrow one segment is uploaded in segments from the start.
    func byteEstimate(of part: LogPart) -> UInt64

    /// Begins to read; called again where an upload has to begin again.
    ///
    /// - Parameter parts: What is wanted, all in one reading.
    /// - Throws: `DriverError` where the log cannot be read.
    func makeReader(of parts: [LogPart]) throws(DriverError) -> any LogReader
}

extension OpenedLog {
    /// Does nothing.
    public func prepare() throws(DriverError) {}

    /// A third of the log: logs compress to less, as a rule.
    public func byteEstimate(of part: LogPart) -> UInt64 { byteCount / 3 }

    /// No mark.
    public var end: LogMark? { nil }

    /// Nothing.
    public var leftOut: [LeftOutLog] { [] }
}

/// Reads an opened log from its beginning to its end.
///
/// The archiver reads on a thread of its own that may block.
public protocol LogReader: Sendable {
    /// How many lines have been read until now, whatever load balancer they belong to.
    var examinedLineCount: UInt64 { get }

    /// Reads on, at most about a megabyte of lines.
    ///
    /// - Parameter blocks: One for each part; the part's next lines, possibly none, are added to it.
    /// - Returns: How many bytes of the log have been read until now, of ``OpenedLog/byteCount``; nil at the end.
    /// - Throws: `DriverError` where the log cannot be read.
    func next(into blocks: inout [LogBlock]) throws(DriverError) -> UInt64?
}

/// Which lines of a log are wanted: those of one kind of load balancer, between two places.
public struct LogPart: Hashable, Sendable {
    /// The kind of load balancer.
    public let metered: MeteredProtocol
    /// Where to begin; nil for the oldest line.
    public let after: LogMark?
    /// Where to end; nil for the very end of the log, with a last line that has no end itself.
    public let upTo: LogMark?

    /// Creates a part.
    public init(_ metered: MeteredProtocol, after: LogMark? = nil, upTo: LogMark? = nil) {
        self.metered = metered
        self.after = after
        self.upTo = upTo
    }
}

/// A place in a log that is found again after rotations, in words that only its driver understands.
public struct LogMark: Hashable, Sendable {
    /// The driver's words; they are kept in a file.
    public let text: String

    /// Creates a mark.
    public init(_ text: String) { self.text = text }
}

/// Lines that have been picked from a log.
public struct LogBlock: Hashable, Sendable {
    /// The lines, each with its newline.
    public var bytes: [UInt8] = []
    /// How many lines end in it.
    public var lineCount: UInt64 = 0

    /// Creates a block without lines.
    public init() {}
}
