// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A snapshot of a device's logs, opened for archiving: later rotations, removals and additions do not change it.
public protocol OpenedLog: Sendable {
    /// The number of bytes to read, before lines are selected; for the progress.
    var byteCount: UInt64 { get }

    /// The parts that cannot be archived. Complete only after a reader has reached its end: a damaged file may be found
    /// while reading.
    var leftOut: [LeftOutLog] { get }

    /// The end of the snapshot, after its last complete line; nil for a driver without marks, whose logs can only be
    /// archived in full.
    var end: LogMark? { get }

    /// Does slow preparations, such as opening and comparing rotated files.
    ///
    /// The archiver calls it on its own thread, once the ARCHIVE has its turn, before any other member. If it was not
    /// called, the other members do the same.
    ///
    /// - Throws: `DriverError` if the log cannot be read.
    func prepare() throws(DriverError)

    /// Returns an upper estimate of a part's compressed size in bytes, for the lines of all load balancers.
    ///
    /// An object that may exceed one segment is uploaded in segments from the start.
    func byteEstimate(of part: LogPart) -> UInt64

    /// Starts reading; called again if an upload restarts.
    ///
    /// - Parameter parts: The requested parts, read in one pass.
    /// - Throws: `DriverError` if the log cannot be read.
    func makeReader(of parts: [LogPart]) throws(DriverError) -> any LogReader
}

extension OpenedLog {
    /// Does nothing.
    public func prepare() throws(DriverError) {}

    /// A third of the log's size: logs usually compress to less.
    public func byteEstimate(of part: LogPart) -> UInt64 { byteCount / 3 }

    /// Returns nil.
    public var end: LogMark? { nil }

    /// Returns an empty list.
    public var leftOut: [LeftOutLog] { [] }
}

/// Reads an opened log from start to end.
///
/// The archiver reads on its own thread, which may block.
public protocol LogReader: Sendable {
    /// The number of lines read so far, of all load balancers.
    var examinedLineCount: UInt64 { get }

    /// Reads the next lines, up to about a megabyte.
    ///
    /// - Parameter blocks: One for each part; the part's next lines, if any, are appended to it.
    /// - Returns: The number of bytes read so far, of ``OpenedLog/byteCount``; nil at the end.
    /// - Throws: `DriverError` if the log cannot be read.
    func next(into blocks: inout [LogBlock]) throws(DriverError) -> UInt64?
}

/// A selection of a log's lines: one load balancer, between two marks.
public struct LogPart: Hashable, Sendable {
    /// The protocol.
    public let proxyKind: ProxyKind
    /// The load balancer's id; nil for the only load balancer of its kind.
    ///
    /// A log without ids in its lines ignores it.
    public let loadBalancer: Identifier?
    /// The start; nil for the oldest line.
    public let after: LogMark?
    /// The end; nil for the end of the log, including an unterminated last line.
    public let upTo: LogMark?

    /// Creates a part.
    public init(
        _ proxyKind: ProxyKind,
        of loadBalancer: Identifier? = nil,
        after: LogMark? = nil,
        upTo: LogMark? = nil
    ) {
        self.proxyKind = proxyKind
        self.loadBalancer = loadBalancer
        self.after = after
        self.upTo = upTo
    }
}

/// A position in a log that survives rotations, in a format of its driver.
public struct LogMark: Hashable, Sendable {
    /// The driver's text; it is stored in a file.
    public let text: String

    /// Creates a mark.
    public init(_ text: String) { self.text = text }
}

/// Lines selected from a log.
public struct LogBlock: Hashable, Sendable {
    /// The lines, each with its newline.
    public var bytes: [UInt8] = []
    /// The number of lines that end in the block.
    public var lineCount: UInt64 = 0

    /// Creates an empty block.
    public init() {}
}
