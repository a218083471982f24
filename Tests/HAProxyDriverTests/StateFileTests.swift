// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import SteelyardSystem
import SystemPackage
import TestServers
import Testing

@testable import HAProxyDriver

/// State files that another program has rewritten, that an earlier agent has written, or that are unreadable.
@Suite
struct StateFileTests {
    /// Written by the release before state files were Codable.
    static let earlierState = """
        {
        "format":1,
        "phase":"suspended",
        "fingerprint":"0123456789abcdef",
        "checksum":"fedcba9876543210",
        "hpcs_action":"UPDATE",
        "config_version":7,
        "loadbalancers":[{"id":"lb","protocol":"TCP","port":80,"nodes":[{"id":"a","address":"10.0.0.1","port":80}]}]
        }

        """
    static let earlierUsage = """
        {
        "format":1,
        "start":1795400000000000,
        "sequence":3,
        "served":"http tcp",
        "servedSince":"http",
        "pending":"http=10 tcp=18446744073709551615",
        "worker.12.345":"http=5"
        }

        """

    private static var ledger: UsageLedger {
        var ledger = UsageLedger(
            start: UTCTimestamp(microseconds: 1_795_400_000_000_000),
            by: DeviceClock(boot: "boot", offset: 1_795_000_000_000_001)
        )
        ledger.serve([.http, .tcp])
        ledger.record([.http: 10, .tcp: 1 << 52], of: .init(processID: 7, startTime: 99))
        ledger.record([.http: 25], of: .init(processID: 8, startTime: 100))
        return ledger
    }

    private static func state() throws -> DeviceState {
        let node = try Node(id: Identifier("a"), address: HostAddress("10.0.0.1"), port: Port(80))
        let set = try LoadBalancerSet(
            [LoadBalancer(id: Identifier("lb"), protocol: .http, port: Port(80), nodes: [node])],
            version: ConfigurationVersion(7)
        )
        let text = Array("some file".utf8)
        return .serving(.init(set: set, fingerprint: Fingerprint(text), checksum: Fingerprint(text.dropLast())))
    }

    /// The changes that `jq` and similar programs make to a file.
    private static func rewritten(_ bytes: [UInt8], _ options: JSONSerialization.WritingOptions) throws -> [UInt8] {
        let object = try JSONSerialization.jsonObject(with: Data(bytes))
        return Array(try JSONSerialization.data(withJSONObject: object, options: options))
    }

    @Test(arguments: [[], [.prettyPrinted], [.prettyPrinted, .sortedKeys]] as [JSONSerialization.WritingOptions])
    func aRewrittenFileIsRead(options: JSONSerialization.WritingOptions) throws {
        let state = try Self.state()
        #expect(DeviceState(record: try Self.rewritten(state.record, options)) == state)
        #expect(UsageLedger(record: try Self.rewritten(Self.ledger.record, options)) == Self.ledger)
        let earlier = try #require(UsageLedger(record: Array(Self.earlierUsage.utf8)))
        let text = Self.earlierUsage.replacing("18446744073709551615", with: "20")
        let small = try #require(UsageLedger(record: Array(text.utf8)))
        #expect(UsageLedger(record: try Self.rewritten(Array(text.utf8), options)) == small)
        #expect(small.readings == earlier.readings)
    }

    @Test func filesOfAnEarlierAgentAreRead() throws {
        let state = try #require(DeviceState(record: Array(Self.earlierState.utf8)))
        #expect(try state.served?.set.version == ConfigurationVersion(7))
        #expect(state.isSuspended)
        #expect(state.served?.checksum == Fingerprint("fedcba9876543210"))
        let ledger = try #require(UsageLedger(record: Array(Self.earlierUsage.utf8)))
        #expect(ledger.start == UTCTimestamp(microseconds: 1_795_400_000_000_000) && ledger.sequence == 3)
        #expect(ledger.served == [.http, .tcp] && ledger.servedSince == [.http])
        #expect(ledger.pending == [.http: 10, .tcp: .max])
        #expect(ledger.readings == [.init(processID: 12, startTime: 345): [.http: 5]])
        #expect(UsageLedger(record: ledger.record) == ledger)
    }

    @Test(arguments: [
        ("\"port\":80", "\"port\":80000"), ("\"port\":80", "\"port\":99999999999999999999"),
        ("\"port\":80", "\"port\":1e300"), ("\"format\":1", "\"format\":2"), ("\"format\":1", "\"format\":\"1\""),
        ("\"format\":1", "\"format\":1.5"), ("\"format\":1", "\"format\":-9223372036854775809"),
        ("\"suspended\"", "\"asleep\""), ("\"suspended\"", "7"), ("\"0123456789abcdef\"", "\"0123\""),
        ("\"config_version\":7", "\"config_version\":-1"), ("\"loadbalancers\"", "\"others\""),
        ("[{\"id\":\"lb\"", "[5,{\"id\":\"lb\""),
    ])
    func aStateThatIsNoneIsRefused(part: String, other: String) {
        #expect(Self.earlierState.contains(part))
        #expect(DeviceState(record: Array(Self.earlierState.replacing(part, with: other).utf8)) == nil)
    }

    @Test(arguments: [
        ("\"start\":1795400000000000", "\"start\":-1"), ("\"start\":1795400000000000", "\"start\":1e300"),
        ("\"start\":1795400000000000", "\"start\":253402300800000000"), ("\"sequence\"", "\"other\""),
        ("\"http\":35", "\"http\":-1"), ("\"http\":35", "\"http\":18446744073709551616"),
        ("\"http\":35", "\"http\":1.5"), ("\"http\":35", "\"udp\":35"), ("\"format\":2", "\"format\":3"),
        ("\"process\":7", "\"process\":2147483648"), ("\"process\":7", "\"process\":\"7\""),
        ("\"served\":[\"http\",\"tcp\"]", "\"served\":[\"http\",\"udp\"]"), ("\"isNew\":false", "\"isNew\":0"),
    ])
    func aLedgerThatIsNoneIsRefused(part: String, other: String) {
        let text = String(decoding: Self.ledger.record, as: UTF8.self)
        #expect(text.contains(part), "\(text)")
        #expect(UsageLedger(record: Array(text.replacing(part, with: other).utf8)) == nil)
    }

    @Test(arguments: ["\"sequence\":-1", "\"sequence\":9223372036854775808", "\"sequence\":\"3\""])
    func aLedgerOfAnEarlierAgentThatIsNoneIsRefused(other: String) {
        let text = Self.earlierUsage.replacing("\"sequence\":3", with: other)
        #expect(UsageLedger(record: Array(text.utf8)) == nil)
    }

    @Test(arguments: ["{}", "[]", "\u{FEFF}{}", "{\"format\":1}", String(repeating: "[", count: 100_000)])
    func whatIsNoStateIsMovedAndNamed(text: String) async throws {
        try await withRotatedLog { log in
            let path = FilePath(log.url("state.json").path)
            try Data(text.utf8).write(to: log.url("state.json"))
            let store = DeviceStore(path, log.errors)
            #expect(store.state == .notConfigured)
            #expect(try Data(contentsOf: log.url("state.json.foreign")) == Data(text.utf8))
            #expect(!FileManager.default.fileExists(atPath: path.string))
            #expect(log.warnings.lines.count == 1)
            #expect(
                log.warnings.lines.first?.hasPrefix(
                    "state file is corrupt or not written by Steelyard; moved to \(path).foreign, starting unconfigured"
                ) == true
            )
        }
    }

    /// An agent may be using them.
    @Test func aReadOnlyDriverLeavesStateFilesAsTheyAre() async throws {
        try await withRotatedLog { log in
            for name in ["state.json", "usage.json"] { try log.write("{}", to: name) }
            let configuration = try HAProxyConfiguration(["binary": "/bin/true"], stateDirectory: log.folder.path)
            _ = try HAProxyDriver(configuration: configuration, logger: log.errors, isReadOnly: true)
            #expect(try log.names() == ["state.json", "usage.json"])
            #expect(log.warnings.lines.count == 2)
            #expect(log.warnings.lines.allSatisfy { $0.contains("is corrupt or not written by Steelyard; starting") })
        }
    }

    /// A FIFO does not stop the agent, and a link is not followed.
    @Test(arguments: [true, false])
    func whatIsNoFileIsNotRead(isLink: Bool) async throws {
        try await withRotatedLog { log in
            let path = log.url("state.json")
            let elsewhere = log.url("elsewhere.json")
            try Data(try Self.state().record).write(to: elsewhere)
            if isLink {
                try FileManager.default.createSymbolicLink(at: path, withDestinationURL: elsewhere)
            } else {
                #expect(mkfifo(path.path, 0o600) == 0)
            }
            let store = DeviceStore(FilePath(path.path), log.errors)
            #expect(store.state == .notConfigured && log.warnings.lines.count == 1)
            #expect(log.warnings.lines.first?.contains(isLink ? "symbolic link" : "not a regular file") == true)
            try store.commit(.deleted)
            #expect(DeviceStore(FilePath(path.path), log.errors).state == .deleted)
            #expect(try DeviceState(record: Array(Data(contentsOf: elsewhere))) == Self.state())
        }
    }

    @Test func aStateThatWasRemovedIsWrittenAgain() async throws {
        try await withRotatedLog { log in
            let path = log.url("state.json")
            let store = DeviceStore(FilePath(path.path), log.errors)
            #expect(try !store.restoreIfMissing())
            #expect(!FileManager.default.fileExists(atPath: path.path), "no file existed, and none is needed")
            try store.commit(Self.state())
            #expect(try !store.restoreIfMissing())
            try log.remove("state.json")
            #expect(try store.restoreIfMissing())
            #expect(try DeviceStore(FilePath(path.path), log.errors).state == Self.state())
        }
    }

    @Test func linesOfAnotherFileAreNotShown() throws {
        let served = try #require(Self.state().served)
        let ours = Array("some fil".utf8)
        #expect(Fingerprint(ours) == served.checksum)
        #expect(LineDifference.describe(file: ours, of: served, to: "new\n") == "-some fil\n+new")
        let foreign = Array("userlist u\n  user a insecure-password secret\n".utf8)
        for text in ["", "new\n"] {
            for served in [served, nil] {
                let difference = LineDifference.describe(file: foreign, of: served, to: text)
                #expect(!difference.contains("secret") && difference.contains("its 2 lines are not shown"))
                #expect(difference.contains("+new") == !text.isEmpty)
            }
        }
        #expect(LineDifference.describe(file: nil, of: nil, to: "new\n") == "+new")
    }
}
