// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogFiles
import SteelyardCore
import SteelyardTestSupport
import TestServers
import Testing

@testable import HAProxyDriver

/// To whom the lines of `http-in` and `tcp-in` belong on a device that has had names with ids, without HAProxy.
@Suite(.ownThread)
struct LogOwnerTests {
    private static let start = Date(timeIntervalSince1970: 1_795_000_000)

    /// A device whose load balancers change each hour.
    private struct Device {
        let folder: RotatedLog
        private(set) var history: LogOwnerHistory?
        private(set) var served: LoadBalancerSet?
        private(set) var hour = 0.0
        private var expected: [String: String] = [:]
        private var number = 0

        init(_ folder: RotatedLog) { self.folder = folder }

        /// Changes the load balancers: `http:web`, `tcp:db`, or `http` without an id.
        mutating func serve(_ names: String...) throws {
            let wanted = try LoadBalancerSet(
                names.enumerated().map { index, name in
                    let parts = name.split(separator: ":")
                    return try LoadBalancer(
                        id: parts.count > 1 ? Identifier(String(parts[1])) : nil,
                        protocol: parts[0] == "http" ? .http : .tcp,
                        port: Port(
                            8000 + (parts.count > 1 ? Int(parts[1].utf8.reduce(0) { $0 + Int($1) }) : 0) + index
                        ),
                        nodes: []
                    )
                }
            )
            try apply(wanted)
        }

        mutating func apply(_ wanted: LoadBalancerSet) throws {
            hour += 1
            history = LogOwnerHistory.after(history, from: served, to: wanted, now: UTCTimestamp(now))
            // As in a restarted agent.
            if let record = history?.record {
                let read: LogOwnerHistory = try #require(LogOwnerHistory(record: record))
                history = read
            }
            served = wanted
        }

        var now: Date { LogOwnerTests.start + hour * 3600 }

        /// HAProxy logs requests, and messages of its own, some minutes after the last change.
        ///
        /// - Parameter hoursAgo: How long before that the connections began.
        mutating func log(_ name: String, of owner: String?, hoursAgo: Double = 0) throws {
            let date = now + 600 - hoursAgo * 3600
            let iso = RotatedLog.isoDate(date)
            let kind: ProxyKind = name.hasPrefix("tcp") ? .tcp : .http
            number += 1
            let lines = [
                RotatedLog.line(number, kind, at: date).replacing("\(kind.rawValue)-in ", with: "\(name)-in "),
                "\(iso) Server \(name)-servers/id-\(number) is DOWN",
                "<134>1 \(iso) lb haproxy 1 - - backend \(name)-servers:api has no server available! \(number)",
            ].map { $0 + "\n" }.joined()
            try folder.append(lines)
            if let owner { expected[owner, default: ""] += lines }
        }

        func check(_ owners: String...) throws {
            let owned = history.map { LogOwners($0, served: served) }
            let log = try HAProxyLog(in: folder.logFolder, folder.errors, owners: owned)
            try log.prepare()
            let parts = try owners.map { owner in
                let words = owner.split(separator: ":")
                return LogPart(words[0] == "http" ? .http : .tcp, of: try Identifier(String(words[1])))
            }
            for (owner, block) in zip(owners, try log.lines(of: parts)) {
                #expect(String(decoding: block.bytes, as: UTF8.self) == expected[owner, default: ""], "\(owner)")
            }
        }
    }

    @Test
    func linesStayWithTheirLoadBalancer() async throws {
        try await withRotatedLog { folder in
            var device = Device(folder)
            try device.serve("http:web", "tcp:db")
            #expect(device.history == nil)
            try device.log("http", of: "http:web")
            try device.log("tcp", of: "tcp:db")
            try device.serve("http:web", "http:api", "tcp:db")
            // An old worker logs the end of a connection from before.
            try device.log("http", of: "http:web", hoursAgo: 1)
            try device.log("http-web", of: "http:web")
            try device.log("http-api", of: "http:api")
            try device.log("tcp-db", of: "tcp:db")
            try device.log("http", of: "http:web")
            try device.check("http:web", "http:api", "tcp:db")
            try device.serve("http:api")
            try device.log("http", of: "http:api")
            try device.log("http-web", of: "http:web")
            try device.log("http-api", of: "http:api", hoursAgo: 1)
            try device.log("tcp", of: "tcp:db", hoursAgo: 3)
            try device.check("http:web", "http:api", "tcp:db")
            try device.serve("http:late", "tcp:mail")
            try device.log("http", of: "http:late")
            try device.log("tcp", of: "tcp:mail")
            try device.log("http", of: "http:api", hoursAgo: 1)
            try device.log("tcp", of: "tcp:db", hoursAgo: 4)
            try device.check("http:web", "http:api", "http:late", "tcp:db", "tcp:mail")
            try device.serve("http:web", "http:api", "http:late")
            try device.log("http-late", of: "http:late")
            try device.serve("http:web", "tcp:db")
            try device.log("http", of: "http:web")
            try device.log("tcp", of: "tcp:db")
            try device.log("http", of: "http:late", hoursAgo: 2)
            try device.log("http", of: "http:web", hoursAgo: 6)
            try device.check("http:web", "http:api", "http:late", "tcp:db", "tcp:mail")
        }
    }

    /// A load balancer that has got an id is known by its port.
    @Test
    func oneWithoutAnIDIsTheOneAtItsPort() async throws {
        try await withRotatedLog { folder in
            var device = Device(folder)
            func loadBalancer(_ id: String?, port: Int) throws -> LoadBalancer {
                try LoadBalancer(id: id.map { try Identifier($0) }, protocol: .http, port: Port(port), nodes: [])
            }
            try device.apply(LoadBalancerSet([loadBalancer(nil, port: 81)]))
            try device.log("http", of: "http:api")
            try device.apply(LoadBalancerSet([loadBalancer("web", port: 80), loadBalancer("api", port: 81)]))
            try device.log("http-web", of: "http:web")
            try device.check("http:web", "http:api")
        }
    }

    /// Nothing tells whose they were.
    @Test
    func theLinesOfOneWithoutAnIDAndASuccessorBelongToNone() async throws {
        try await withRotatedLog { folder in
            var device = Device(folder)
            try device.serve("http")
            try device.log("http", of: nil)
            try device.serve("http:web", "http:api")
            try device.log("http-web", of: "http:web")
            try device.check("http:web", "http:api")
        }
    }

    @Test
    func manyChangesLeaveASmallFile() throws {
        var history: LogOwnerHistory?
        var old: LoadBalancerSet?
        for number in 0..<1000 {
            let id = try Identifier(String(repeating: "x", count: 60) + "\(number)")
            let first = try LoadBalancer(id: id, protocol: .http, port: Port(80), nodes: [])
            let second = try LoadBalancer(id: Identifier("b"), protocol: .http, port: Port(81), nodes: [])
            let wanted = try LoadBalancerSet(number == 0 ? [first, second] : [first])
            history = LogOwnerHistory.after(
                history,
                from: old,
                to: wanted,
                now: UTCTimestamp(microseconds: Int64(number) * 1_000_000)
            )
            old = wanted
        }
        let record = try #require(history?.record)
        #expect(record.count < 20_000)
        #expect(LogOwnerHistory(record: record) == history)
        #expect(history?.periods.count == 100)
    }

    @Test(arguments: [
        "", "{}", "[]", #"{"periods":7}"#, #"{"periods":[{"until":1}]}"#,
        #"{"periods":[{"name":"udp-a","until":1}]}"#, #"{"periods":[{"name":"http-a b","until":1}]}"#,
        #"{"periods":[{"name":"http-a","until":-1}]}"#, #"{"periods":[{"name":"http-a","until":"1"}]}"#,
    ])
    func aFileThatIsNoneIsSetAside(text: String) async throws {
        #expect(LogOwnerHistory(record: Array(text.utf8)) == nil)
        try await withDevice { device in
            try FileManager.default.createDirectory(at: device.folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: device.folder.appending(path: "log-owners.json"))
            _ = try await device.driver.openLog()
            let names = try FileManager.default.contentsOfDirectory(atPath: device.folder.path)
            #expect(!names.contains("log-owners.json"))
            #expect(names.contains { $0.hasPrefix("log-owners.json") }, "\(names)")
            // Nothing is known of the lines before: only the present load balancer gets those with its name.
            try await device.driver.apply(LoadBalancerSet([device.http([])]))
        }
    }
}
