// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The bytes sent to clients in a period.
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

    /// The start of the period: the end of the last committed report.
    public let start: UTCTimestamp
    /// The end of the period.
    public let end: UTCTimestamp
    /// The bytes, one entry for each protocol served in the period.
    public let entries: [Entry]
    /// Identifies the report's state of the driver's ledger, for `commit`.
    public let mark: UInt64

    /// Creates a report.
    public init(start: UTCTimestamp, end: UTCTimestamp, entries: [Entry], mark: UInt64) {
        self.start = start
        self.end = end
        self.entries = entries
        self.mark = mark
    }
}
