// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The counters that the last delivered report covers, as the worker itself stores them.
///
/// If the ledger is lost or was not written, no byte of that report is reported again.
struct CommittedReading: Hashable, Sendable {
    /// The names of HAProxy's variables.
    private enum Name {
        static let until = "proc.metered_until"
        static let sequence = "proc.metered_sequence"
        /// An id may have characters that no name of a variable has.
        static func bytes(_ key: LoadBalancerKey) -> String {
            "proc.metered_\(key.proxyKind.rawValue)" + (key.id.map { "_" + hexadecimal($0) } ?? "")
        }

        private static func hexadecimal(_ id: Identifier) -> String {
            id.description.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
    }

    /// The end of the report.
    let until: UTCTimestamp
    let bytes: UsageLedger.Bytes
    /// The ledger's sequence after the report, which orders reports even if the clock is changed.
    ///
    /// nil if an earlier agent set the variables: it had no sequence.
    let sequence: UInt64?

    init(until: UTCTimestamp, bytes: UsageLedger.Bytes, sequence: UInt64? = nil) {
        self.until = until
        self.bytes = bytes
        self.sequence = sequence
    }

    /// Creates the values that a worker stores for a delivered report.
    init(of report: UsageReport, bytes: UsageLedger.Bytes) {
        self.init(until: report.end, bytes: bytes, sequence: UsageLedger.sequence(after: report.mark))
    }

    /// Reads the values that a worker stores.
    ///
    /// - Parameters:
    ///   - keys: The load balancers that it serves.
    ///   - ask: Sends a command to the worker and returns the answer.
    /// - Returns: nil if it stores none.
    init?(of keys: [LoadBalancerKey], _ ask: (String) throws(DriverError) -> String) throws(DriverError) {
        func value(_ name: String) throws(DriverError) -> Int64? {
            let answer = try ask("get var \(name)")
            guard let start = answer.firstRange(of: "value=<")?.upperBound else { return nil }
            return Int64(answer[start...].prefix { $0 != ">" })
        }
        guard let until = try value(Name.until), UTCTimestamp.storable.contains(until) else { return nil }
        var bytes: UsageLedger.Bytes = [:]
        for key in keys { bytes[key] = try value(Name.bytes(key)).flatMap { UInt64(exactly: $0) } }
        let sequence = try value(Name.sequence).flatMap { UInt64(exactly: $0) }
        self.init(until: UTCTimestamp(microseconds: until), bytes: bytes, sequence: sequence)
    }

    /// The commands that store these values in a worker.
    ///
    /// The bytes come first: if the rest does not arrive, the worker still names the previous report.
    var commands: [String] {
        let bytes = bytes.sorted { $0.key < $1.key }
        return bytes.map { "set var \(Name.bytes($0.key)) int(\($0.value))" }
            + (sequence.map { ["set var \(Name.sequence) int(\($0))"] } ?? [])
            + ["set var \(Name.until) int(\(until.microseconds))"]
    }
}
