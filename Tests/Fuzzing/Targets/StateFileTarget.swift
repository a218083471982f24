// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import LogFiles
import SteelyardCore

@testable import HAProxyDriver
@testable import LogArchiving
@testable import SteelyardCore

extension FuzzTarget {
    /// The files in `state_dir`: a parsed file is written back unchanged.
    static let stateFiles = FuzzTarget(name: "state-files") { bytes in
        if let state = DeviceState(record: bytes) {
            try FuzzFailure.requireEqual(DeviceState(record: state.record), state, "a state is read back")
        }
        if let ledger = UsageLedger(record: bytes) { try checkLedger(ledger) }
        if let history = LogOwnerHistory(record: bytes) {
            try FuzzFailure.requireEqual(LogOwnerHistory(record: history.record), history, "owners are read back")
            _ = LogOwners(history, served: nil)
        }
        if let record = ArchiveRecord(bytes) { try checkRecord(record) }
        let mark = LogMark(String(decoding: bytes.prefix(4096), as: UTF8.self))
        if let places = try? LogPlaces(mark) {
            try FuzzFailure.requireEqual(try LogPlaces(places.mark), places, "a mark is read back")
        }
        if let start = try? LogStart(mark.text) {
            try FuzzFailure.requireEqual(try LogStart(start.text), start, "a start is read back")
            _ = start.deletedAt.map { LogCut($0) }
        }
    }

    private static func checkLedger(_ ledger: UsageLedger) throws {
        try FuzzFailure.requireEqual(UsageLedger(record: ledger.record), ledger, "a ledger is read back")
        var ledger = ledger
        let worker = ledger.readings.keys.first ?? .init(processID: 1, startTime: 2)
        let kept = CommittedReading(until: UTCTimestamp(microseconds: 5), bytes: [.tcp: 1])
        ledger.record([.http: 0, .tcp: .max], of: worker)
        ledger.adopt([worker: kept, .init(processID: 1, startTime: 3): kept])
        ledger.serve([.tcp], ids: [.tcp: try Identifier("a")])
        let report = ledger.report(until: UTCTimestamp(microseconds: 7))
        _ = "\(report.start) \(report.end)"
        try FuzzFailure.requireEqual(
            report.summedEntries.filter { $0.key.id == nil }.reduce(0) { $0 &+ $1.bytesOut },
            report.entries.reduce(0) { $0 &+ $1.bytesOut },
            "the sums have all bytes"
        )
        ledger.serve([LoadBalancerKey(.tcp, id: try Identifier("a")), LoadBalancerKey(.http, id: try Identifier("b"))])
        try FuzzFailure.require(ledger.commit(report), "a new report is committed")
        let left = ledger.report(until: UTCTimestamp(microseconds: 8)).entries
        try FuzzFailure.require(left.allSatisfy { $0.bytesOut == 0 }, "no byte is reported twice")
        try FuzzFailure.require(!ledger.commit(report), "a report is committed once")
        try FuzzFailure.requireEqual(UsageLedger(record: ledger.record), ledger, "a ledger is read back")
    }

    private static func checkRecord(_ record: ArchiveRecord) throws {
        try FuzzFailure.requireEqual(ArchiveRecord(record.bytes), record, "a record is read back")
        var next = record
        let base = try ObjectBasePath("container")
        let id = try Identifier("lb")
        let announced = next.announce(
            to: try StorageEndpoint("https://example.com"),
            upTo: record.mark,
            now: UTCTimestamp(microseconds: 0)
        ) { ObjectPath(basePath: base, loadBalancer: id, log: "haproxy", time: $0) }
        let path = announced.path
        try FuzzFailure.requireEqual(path.name.utf8.count, "lb/haproxy-20261123-040515.log.gz".utf8.count, "\(path)")
        if let mark = record.mark { _ = try? LogPlaces(mark) }
    }
}
