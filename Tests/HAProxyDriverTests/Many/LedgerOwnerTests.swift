// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Testing

@testable import HAProxyDriver

/// The ledger's sums when a device goes over to names with ids and back, without a device.
@Suite
struct LedgerOwnerTests {
    private typealias Worker = UsageLedger.Worker

    private let first = Worker(processID: 1, startTime: 10)
    private let second = Worker(processID: 2, startTime: 20)
    private let third = Worker(processID: 3, startTime: 30)

    private static func time(_ microseconds: Int64) -> UTCTimestamp { UTCTimestamp(microseconds: microseconds) }

    private static func ids(_ http: String?, tcp: String? = nil) throws -> [ProxyKind: Identifier] {
        var ids: [ProxyKind: Identifier] = [:]
        ids[.http] = try http.map { try Identifier($0) }
        ids[.tcp] = try tcp.map { try Identifier($0) }
        return ids
    }

    private static func entries(_ ledger: UsageLedger) -> [LoadBalancerKey: UInt64] {
        Dictionary(uniqueKeysWithValues: ledger.report(until: time(99)).entries.map { ($0.key, $0.bytesOut) })
    }

    /// A ledger of one load balancer that has sent 100 bytes.
    private func one(_ id: String?) throws -> UsageLedger {
        var ledger = UsageLedger(start: Self.time(1))
        try ledger.serve([.http], ids: Self.ids(id))
        ledger.record([.http: 100], of: first)
        return ledger
    }

    @Test
    func withoutOthersNoIDIsReported() throws {
        for id in [nil, "web"] {
            let ledger = try one(id)
            #expect(Self.entries(ledger) == [.http: 100])
        }
    }

    @Test
    func theFirstOneGetsItsID() throws {
        var ledger = try one("web")
        try ledger.serve([.http("web"), .http("api"), .tcp("db")])
        #expect(try Self.entries(ledger) == [.http("web"): 100, .http("api"): 0, .tcp("db"): 0])
        // The old worker still sends for the front end `http-in`.
        ledger.record([.http: 130], of: first)
        try ledger.record([.http("web"): 7, .http("api"): 5, .tcp("db"): 3], of: second)
        #expect(try Self.entries(ledger) == [.http("web"): 137, .http("api"): 5, .tcp("db"): 3])
        let report = ledger.report(until: Self.time(50))
        #expect(try report.summedEntries.map(\.key) == [.http, .tcp, .http("api"), .http("web"), .tcp("db")])
        #expect(report.summedEntries.map(\.bytesOut) == [142, 3, 5, 137, 3])
        let isCommitted1 = ledger.commit(report)
        #expect(isCommitted1)
        ledger.record([.http: 150], of: first)
        #expect(try Self.entries(ledger) == [.http("web"): 20, .http("api"): 0, .tcp("db"): 0])
    }

    /// Without an id, the bytes stay in the sum and in no other entry.
    @Test
    func oneWithoutAnIDHasOnlyTheSum() throws {
        var ledger = try one(nil)
        try ledger.serve([.http("web"), .http("api")])
        try ledger.record([.http("web"): 7], of: second)
        let entries = ledger.report(until: Self.time(50)).summedEntries
        #expect(try entries.map(\.key) == [.http, .http("api"), .http("web")])
        #expect(entries.map(\.bytesOut) == [107, 0, 7])
    }

    @Test
    func theLastOneLosesItsIDWithTheNextPeriod() throws {
        var ledger = UsageLedger(start: Self.time(1))
        try ledger.serve([.http("web"), .http("api")])
        try ledger.record([.http("web"): 10, .http("api"): 20], of: first)
        try ledger.serve([.http], ids: Self.ids("web"))
        ledger.record([.http: 5], of: second)
        try ledger.record([.http("web"): 11, .http("api"): 22], of: first)
        #expect(try Self.entries(ledger) == [.http("web"): 16, .http("api"): 22])
        let isCommitted2 = ledger.commit(ledger.report(until: Self.time(50)))
        #expect(isCommitted2)
        ledger.record([.http: 8], of: second)
        #expect(Self.entries(ledger) == [.http: 3])
        // The old worker sends again for the removed one: then all entries have ids.
        try ledger.record([.http("web"): 13, .http("api"): 26], of: first)
        #expect(try Self.entries(ledger) == [.http("web"): 5, .http("api"): 4])
        ledger.record([.http: 9], of: second)
        let report = ledger.report(until: Self.time(60))
        #expect(report.summedEntries.map(\.bytesOut) == [10, 4, 6])
        let isCommitted3 = ledger.commit(report)
        #expect(isCommitted3)
        #expect(Self.entries(ledger) == [.http: 0])
    }

    /// `web` was alone, then with `api`, and has left: its first worker still sends as `http-in`, which is now `api`.
    @Test
    func anOldWorkerSendsForTheOneItServed() throws {
        var ledger = try one("web")
        try ledger.serve([.http("web"), .http("api")], oldWorkers: [1])
        try ledger.record([.http("web"): 1, .http("api"): 2], of: second)
        try ledger.serve([.http], ids: Self.ids("api"), oldWorkers: [1, 2])
        ledger.record([.http: 30], of: third)
        ledger.record([.http: 107], of: first)
        ledger = try #require(UsageLedger(record: ledger.record))
        ledger.record([.http: 109], of: first)
        #expect(try Self.entries(ledger) == [.http("web"): 110, .http("api"): 32])
        // A third one takes the name.
        try ledger.serve([.http], ids: Self.ids("late"), oldWorkers: [1, 2, 3])
        ledger.record([.http: 31], of: third)
        ledger.record([.http: 110], of: first)
        ledger.record([.http: 4], of: Worker(processID: 4, startTime: 40))
        #expect(try Self.entries(ledger) == [.http("web"): 111, .http("api"): 33, .http("late"): 4])
        #expect(UsageLedger(record: ledger.record) == ledger)
        let haveEnded = ledger.forget { $0 != third }
        #expect(haveEnded && ledger.oldOwners.keys.map(\.processID) == [3])
    }

    /// The report is delivered after the device has changed: no byte is reported again.
    @Test
    func aReportIsCommittedAfterTheChange() throws {
        var ledger = try one("web")
        let report = ledger.report(until: Self.time(50))
        ledger.record([.http: 104], of: first)
        try ledger.serve([.http("web"), .http("api")])
        try ledger.record([.http("web"): 1, .http("api"): 2], of: second)
        let results = (ledger.commit(report), ledger.commit(report))
        #expect(results == (true, false))
        #expect(try Self.entries(ledger) == [.http("web"): 5, .http("api"): 2])
    }

    /// Two changes while the report is being delivered, the second to another load balancer.
    @Test
    func aReportIsCommittedAfterTwoChanges() throws {
        var ledger = try one("web")
        let report = ledger.report(until: Self.time(50))
        try ledger.serve([.http("web"), .http("api")])
        try ledger.record([.http("web"): 1, .http("api"): 2], of: second)
        try ledger.serve([.http], ids: Self.ids("api"))
        ledger.record([.http: 4], of: third)
        let isCommitted4 = ledger.commit(report)
        #expect(isCommitted4)
        #expect(try Self.entries(ledger) == [.http("web"): 1, .http("api"): 6])
    }

    @Test
    func aReportWithIDsIsCommittedAfterTheWayBack() throws {
        var ledger = UsageLedger(start: Self.time(1))
        try ledger.serve([.http("web"), .http("api")])
        try ledger.record([.http("web"): 10, .http("api"): 20], of: first)
        let lost = ledger.report(until: Self.time(40))
        try ledger.record([.http("web"): 12, .http("api"): 20], of: first)
        let report = ledger.report(until: Self.time(50))
        try ledger.serve([.http], ids: Self.ids("web"))
        ledger.record([.http: 5], of: second)
        let results = [report, lost, report].map { ledger.commit($0) }
        #expect(results == [true, false, false])
        #expect(Self.entries(ledger).values.reduce(0, +) == 5)
    }

    /// At each moment, the agent may end and read the file.
    @Test
    func everyLedgerIsReadAsItWasWritten() throws {
        var ledger = try one("web")
        func check() throws {
            let read = try #require(UsageLedger(record: ledger.record))
            #expect(read == ledger)
            #expect(Self.entries(read) == Self.entries(ledger))
        }
        try check()
        try ledger.serve([.http("web"), .http("in"), .tcp(String(repeating: "x.-", count: 21))])
        try check()
        try ledger.record(
            [.http("web"): 1, .http("in"): .max / 2, .tcp(String(repeating: "x.-", count: 21)): 3],
            of: second
        )
        try check()
        try ledger.serve([.http, .tcp], ids: Self.ids("in", tcp: "servers"))
        ledger.record([.http: 3, .tcp: 9], of: third)
        try check()
        let isCommitted5 = ledger.commit(ledger.report(until: Self.time(50)))
        #expect(isCommitted5)
        try check()
        let record = ledger.record.dropLast()
        for count in record.indices { #expect(UsageLedger(record: Array(record.prefix(count))) == nil) }
    }

    @Test(arguments: [
        #""served":["http-"]"#, #""served":["http-a b"]"#, #""served":["udp-a"]"#, #""served":["httpa"]"#,
        #""served":["http-../x"]"#, #""pending":{"http-":1}"#, #""pending":{"":1}"#,
    ])
    func aWrongNameIsNoLedger(member: String) throws {
        var ledger = UsageLedger(start: Self.time(1))
        try ledger.serve([.http("web")])
        ledger.record([:], of: first)
        let text = String(decoding: ledger.record, as: UTF8.self)
        let name = member.prefix { $0 != ":" } + ":"
        let start = try #require(text.firstRange(of: name))
        let rest = text[start.upperBound...]
        let end = try #require(rest.firstIndex { $0 == "]" || $0 == "}" })
        let changed = text[..<start.lowerBound] + member + rest[rest.index(after: end)...]
        #expect(UsageLedger(record: Array(text.utf8)) != nil)
        #expect(UsageLedger(record: Array(changed.utf8)) == nil, "\(changed)")
    }

    /// Files of agents that knew no ids.
    @Test(arguments: [
        #"""
        {"format":2,"start":5,"sequence":7,"isNew":false,"served":["http","tcp"],"servedSince":["http","tcp"],
        "pending":{"http":100,"tcp":9},"readings":[{"process":1,"started":10,"bytes":{"http":100,"tcp":9}}]}
        """#,
        #"""
        {"format":1,"start":5,"sequence":7,"served":"http tcp","servedSince":"http tcp","pending":"http=100 tcp=9",
        "worker.1.10":"http=100 tcp=9"}
        """#,
    ])
    func anOlderFileGoesOn(file: String) throws {
        var ledger = try #require(UsageLedger(record: Array(file.utf8)))
        #expect(Self.entries(ledger) == [.http: 100, .tcp: 9])
        // The change begins with the old load balancers, whose ids the older agent has not written.
        try ledger.serve([.http, .tcp], ids: Self.ids("web", tcp: "db"))
        #expect(Self.entries(ledger) == [.http: 100, .tcp: 9])
        try ledger.serve([.http("web"), .tcp("db"), .http("api")])
        ledger.record([.http: 111, .tcp: 9], of: first)
        try ledger.record([.http("api"): 1], of: second)
        #expect(try Self.entries(ledger) == [.http("web"): 111, .tcp("db"): 9, .http("api"): 1])
    }

    @Test
    func theSumsOfMETRICSCoverEveryEntry() throws {
        func summed(_ entries: [UsageReport.Entry]) -> [UsageReport.Entry] {
            UsageReport(start: Self.time(1), end: Self.time(2), entries: entries, mark: 0).summedEntries
        }
        typealias Entry = UsageReport.Entry
        #expect(summed([]) == [])
        let plain = [Entry(.http, bytesOut: 1), Entry(.tcp, bytesOut: 2)]
        #expect(summed(plain) == plain)
        let named = try [
            Entry(.http("a"), bytesOut: 3), Entry(.http("b"), bytesOut: 4), Entry(.tcp("a"), bytesOut: 5),
        ]
        #expect(summed(named) == [Entry(.http, bytesOut: 7), Entry(.tcp, bytesOut: 5)] + named)
        #expect(summed([named[2]]) == [Entry(.tcp, bytesOut: 5), named[2]])
        // An old worker's bytes without an id.
        #expect(summed([plain[0]] + named).first == Entry(.http, bytesOut: 8))
    }

    /// The names of HAProxy's variables, in which a worker keeps what was reported.
    @Test
    func eachKeyHasAVariableOfItsOwn() throws {
        let ids = ["a", "A", "a.", "a-", "a_", "61", "0", "00", "in", String(repeating: "z", count: 64)]
        let keys = try ids.flatMap { try [LoadBalancerKey.http($0), .tcp($0)] } + [.http, .tcp]
        let bytes = Dictionary(uniqueKeysWithValues: zip(keys, keys.indices.map { UInt64($0) }))
        let reading = CommittedReading(until: Self.time(9), bytes: bytes, sequence: 3)
        let names = reading.commands.map { $0.split(separator: " ")[2] }
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { $0.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } })
        var variables: [String: String] = [:]
        for command in reading.commands {
            let words = command.split(separator: " ")
            variables[String(words[2])] = String(words[3].dropFirst(4).dropLast())
        }
        let read = try CommittedReading(of: keys) { (command) throws(DriverError) -> String in
            variables[String(command.split(separator: " ")[2])].map { "type=sint value=<\($0)>" } ?? ""
        }
        #expect(read == reading)
    }
}
