// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The bytes that were sent to clients in a span of time.
public struct UsageReport: Hashable, Sendable {
    /// The bytes of one protocol.
    public struct Entry: Hashable, Sendable {
        /// The protocol.
        public let metered: MeteredProtocol
        /// The bytes sent to clients.
        public let bytesOut: UInt64

        /// Creates an entry.
        public init(metered: MeteredProtocol, bytesOut: UInt64) {
            self.metered = metered
            self.bytesOut = bytesOut
        }
    }

    /// Where the span begins: at the end of the last committed report.
    public let start: UTCTimestamp
    /// Where the span ends.
    public let end: UTCTimestamp
    /// The bytes, one entry for each protocol that the device serves or served in the span.
    public let entries: [Entry]
    /// Says which state of the driver's ledger the report shows; a driver finds it again in `commit`.
    public let mark: UInt64

    /// Creates a report.
    public init(start: UTCTimestamp, end: UTCTimestamp, entries: [Entry], mark: UInt64) {
        self.start = start
        self.end = end
        self.entries = entries
        self.mark = mark
    }
}
