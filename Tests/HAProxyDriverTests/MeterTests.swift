// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem
import TestServers
import Testing

@testable import HAProxyDriver

/// The reported bytes equal the bytes that clients received.
@Suite(Requirement.haproxy.trait)
struct MeterTests {
    @Test
    func reportsWhatClientsReceived() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            let nodes = [try Node.local("1", node.port)]
            try await device.driver.apply(LoadBalancerSet([device.http(nodes), device.tcp(nodes)]))
            var received: [ProxyKind: UInt64] = [.http: 0, .tcp: 0]
            for round in 0..<4 {
                for (proxyKind, port) in [(ProxyKind.http, device.httpPort), (.tcp, device.tcpPort)] {
                    let answer = try await HTTPClient(port: port).get("/bytes/\(round * 10_000)")
                    received[proxyKind, default: 0] += UInt64(answer.byteCount)
                }
                // Other options each time: a reload, and a new worker whose counters start at 0.
                let options = try ConnectionOptions(connectRetries: round + 4)
                let set = try LoadBalancerSet([
                    device.http(nodes, options: options), device.tcp(nodes, options: options),
                ])
                try await device.driver.apply(set)
            }
            try await device.driver.suspend()
            try await device.driver.enable()
            try await eventually("all bytes are metered") {
                let report = try await device.driver.usage()
                return Dictionary(report.entries.map { ($0.proxyKind, $0.bytesOut) }) { $1 } == received
            }
            #expect(try await device.processes()?.reloads == 4)
        }
    }

    @Test
    func aDownloadThatOutlivesAReloadIsMetered() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            try await supervised(device.driver) {
                try await device.driver.apply(LoadBalancerSet([device.http([.local("1", node.port)])]))
                let client = try await HTTPClient(port: device.httpPort)
                async let answer = client.get("/held/1000000")
                try await eventually("the node has the request") { node.requestCount == 1 }
                let options = try ConnectionOptions(clientTimeout: 20_000)
                let nodes = [try Node.local("1", node.port)]
                try await device.driver.apply(LoadBalancerSet([device.http(nodes, options: options)]))
                node.release()
                let received = UInt64(try await answer.byteCount)
                client.close()
                try await eventually("the old worker has ended") { try await device.processes()?.oldWorkers == [] }
                #expect(try await device.driver.usage().entries.map(\.bytesOut) == [received])
            }
        }
    }

    @Test
    func usageSurvivesRestartsOfBoth() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            try await device.driver.apply(LoadBalancerSet([device.http([.local("1", node.port)])]))
            var received = UInt64(try await HTTPClient(port: device.httpPort).get("/bytes/5000").byteCount)
            let first = try await device.driver.usage()
            #expect(first.entries.map(\.bytesOut) == [received])

            // Another agent, which has only the files and HAProxy.
            let next = try device.restarted()
            received += UInt64(try await HTTPClient(port: device.httpPort).get("/bytes/7000").byteCount)
            let second = try await next.usage()
            #expect(second.entries.map(\.bytesOut) == [received])
            #expect(second.start == first.start)
            try await next.commit(second)
            try await next.commit(second)
            try await next.commit(first)
            #expect(try await next.usage().entries.map(\.bytesOut) == [0])

            // HAProxy ends; the bytes that were read remain.
            let more = UInt64(try await HTTPClient(port: device.httpPort).get("/bytes/9000").byteCount)
            #expect(try await next.usage().entries.map(\.bytesOut) == [more])
            let master = try #require(try await device.processes()?.master)
            ProcessHandle(master)?.send(9)
            try await eventually("the ports are closed") { try await !LoopbackSocket.accepts(device.httpPort) }
            #expect(try await next.usage().entries.map(\.bytesOut) == [more])
            try await next.apply(LoadBalancerSet([device.http([.local("1", node.port)])]))
            let last = UInt64(try await HTTPClient(port: device.httpPort).get("/bytes/100").byteCount)
            #expect(try await next.usage().entries.map(\.bytesOut) == [more + last])
        }
    }

    @Test
    func aLedgerIsReadAsItWasWritten() {
        var ledger = UsageLedger(start: UTCTimestamp(microseconds: 1_700_000_000_000_000))
        ledger.serve([.http, .tcp])
        let worker = UsageLedger.Worker(processID: 7, startTime: 99)
        ledger.record([.http: 10, .tcp: .max - 5], of: worker)
        ledger.record([.http: 25], of: worker)
        #expect(ledger.pending[.http] == 25)
        #expect(UsageLedger(record: ledger.record) == ledger)
        // An operator has cleared the counters: they restart at 0.
        ledger.record([.http: 3], of: worker)
        #expect(ledger.pending[.http] == 28)
        let record = ledger.record.dropLast()
        for count in record.indices { #expect(UsageLedger(record: Array(record.prefix(count))) == nil) }
    }

    @Test
    func onlyTheNewestReportIsCommitted() {
        var ledger = UsageLedger(start: UTCTimestamp(microseconds: 0))
        ledger.serve([.http])
        let worker = UsageLedger.Worker(processID: 7, startTime: 99)
        ledger.record([.http: 10], of: worker)
        let lost = ledger.report(until: UTCTimestamp(microseconds: 5))
        ledger.record([.http: 30], of: worker)
        let delivered = ledger.report(until: UTCTimestamp(microseconds: 9))
        ledger.record([.http: 31], of: worker)
        #expect(delivered.entries.map(\.bytesOut) == [30])
        let committed = [delivered, lost, delivered].map { ledger.commit($0) }
        #expect(committed == [true, false, false])
        #expect(ledger.report(until: UTCTimestamp(microseconds: 8)).entries.map(\.bytesOut) == [1])
        #expect(ledger.start == UTCTimestamp(microseconds: 9))
    }
}
