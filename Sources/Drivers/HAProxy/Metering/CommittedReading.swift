// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// How far a worker's counters had been read for the last report that was delivered, kept by the worker itself.
///
/// Where the ledger is lost, or could not be written, what was reported before does not come again.
struct CommittedReading: Hashable, Sendable {
    /// Of a variable of HAProxy's.
    private enum Name {
        static let until = "proc.metered_until"
        static func bytes(_ metered: MeteredProtocol) -> String { "proc.metered_\(metered.rawValue)" }
    }

    /// The end of the report.
    let until: UTCTimestamp
    let bytes: UsageLedger.Bytes

    init(until: UTCTimestamp, bytes: UsageLedger.Bytes) {
        self.until = until
        self.bytes = bytes
    }

    /// Reads what a worker keeps.
    ///
    /// - Parameter ask: Asks the worker.
    /// - Returns: nil where it keeps nothing.
    init?(_ ask: (String) throws(DriverError) -> String) throws(DriverError) {
        func value(_ name: String) throws(DriverError) -> Int64? {
            let answer = try ask("get var \(name)")
            guard let start = answer.firstRange(of: "value=<")?.upperBound else { return nil }
            return Int64(answer[start...].prefix { $0 != ">" })
        }
        guard let until = try value(Name.until) else { return nil }
        var bytes: UsageLedger.Bytes = [:]
        for metered in MeteredProtocol.allCases {
            bytes[metered] = try value(Name.bytes(metered)).flatMap { UInt64(exactly: $0) }
        }
        self.init(until: UTCTimestamp(microseconds: until), bytes: bytes)
    }

    /// What has a worker keep this; the time comes last, so that it stands for all.
    var commands: [String] {
        let bytes = bytes.sorted { $0.key.rawValue < $1.key.rawValue }
        return bytes.map { "set var \(Name.bytes($0.key)) int(\($0.value))" }
            + ["set var \(Name.until) int(\(until.microseconds))"]
    }
}
