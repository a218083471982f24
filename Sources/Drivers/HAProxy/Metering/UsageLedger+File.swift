// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension UsageLedger {
    private static let format = 1

    /// The ledger as a file.
    var record: [UInt8] {
        var record = StateRecord(format: Self.format)
        record.add("start", .integer(start.microseconds))
        record.add("sequence", .integer(Int64(clamping: sequence)))
        record.add("served", .string(Self.names(served)))
        record.add("servedSince", .string(Self.names(servedSince)))
        record.add("pending", .string(Self.text(pending)))
        for (worker, bytes) in readings.sorted(by: { $0.key.processID < $1.key.processID }) {
            record.add("worker.\(worker.processID).\(worker.startTime)", .string(Self.text(bytes)))
        }
        return record.bytes
    }

    /// Reads a ledger from a file; nil where it is torn or foreign.
    init?(record bytes: [UInt8]) {
        guard let record = StateRecord(bytes, format: Self.format),
            let start = record.integer("start"),
            let sequence = record.integer("sequence"), sequence >= 0,
            let served = record.string("served").flatMap(Self.protocols),
            let servedSince = record.string("servedSince").flatMap(Self.protocols),
            let pending = record.string("pending").flatMap(Self.bytes)
        else { return nil }
        var readings: [Worker: Bytes] = [:]
        for name in record.names where name.hasPrefix("worker.") {
            let parts = name.split(separator: ".")
            guard parts.count == 3, let processID = Int32(parts[1]), let startTime = UInt64(parts[2]),
                let bytes = record.string(name).flatMap(Self.bytes)
            else { return nil }
            readings[Worker(processID: processID, startTime: startTime)] = bytes
        }
        self.init(
            start: UTCTimestamp(microseconds: start),
            sequence: UInt64(sequence),
            pending: pending,
            readings: readings,
            served: served,
            servedSince: servedSince
        )
    }

    private static func names(_ protocols: Set<MeteredProtocol>) -> String {
        protocols.map(\.rawValue).sorted().joined(separator: " ")
    }

    private static func protocols(_ text: String) -> Set<MeteredProtocol>? {
        let names = text.split(separator: " ")
        let protocols = names.compactMap { MeteredProtocol(rawValue: String($0)) }
        return protocols.count == names.count ? Set(protocols) : nil
    }

    /// Such as `http=10 tcp=20`.
    private static func text(_ bytes: Bytes) -> String {
        bytes.map { "\($0.key.rawValue)=\($0.value)" }.sorted().joined(separator: " ")
    }

    private static func bytes(_ text: String) -> Bytes? {
        var bytes: Bytes = [:]
        for part in text.split(separator: " ") {
            let pair = part.split(separator: "=")
            guard pair.count == 2, let metered = MeteredProtocol(rawValue: String(pair[0])),
                let value = UInt64(pair[1])
            else { return nil }
            bytes[metered] = value
        }
        return bytes
    }
}
