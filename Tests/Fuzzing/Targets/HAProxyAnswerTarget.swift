// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

@testable import HAProxyDriver

extension FuzzTarget {
    /// HAProxy's output: tables, numbers and alerts.
    static let haproxyAnswers = FuzzTarget(name: "haproxy-answers") { bytes in
        let answer = String(decoding: bytes, as: UTF8.self)
        _ = ProcessTable(answer)
        _ = WorkerInfo(answer)
        _ = ClientSessions(answer)
        _ = try? CommittedReading(of: [.http, .tcp]) { _ in answer }
        if let alert = HAProxyAlert(in: answer) { try requireShortLine(alert.message, atMost: 210) }
        if let table = StatisticsTable(answer) { try checkStatistics(table) }
        if let table = ServerStateTable(answer) { try checkServers(table) }
    }

    private static func checkStatistics(_ table: StatisticsTable) throws {
        let now = UTCTimestamp(microseconds: 1_800_000_000_000_000)
        for row in table.rows {
            for condition in [NodeCondition.enabled, .disabled, .draining] {
                let node = try Node(
                    id: Identifier("1"),
                    address: HostAddress("127.0.0.1"),
                    port: Port(80),
                    condition: condition
                )
                let status = NodeStatus(of: node, row, WorkerInfo("Uptime_sec: 5\n"), now: now)
                if let reason = status.reason { try requireShortLine(reason, atMost: 150) }
                if let since = status.since { try requireShortLine(since.description, atMost: 40) }
            }
        }
    }

    private static func checkServers(_ table: ServerStateTable) throws {
        let servers = table.servers
        let carried = table.carried(to: \.name.backend)
        guard let again = ServerStateTable(carried) else { throw FuzzFailure("the carried-over state is no table") }
        try FuzzFailure.requireEqual(again.servers.map(\.name), servers.map(\.name), "every server is carried over")
        try FuzzFailure.require(again.servers.allSatisfy { !$0.isDisabled && !$0.isDrained }, "none is disabled")
        try FuzzFailure.requireEqual(
            table.carried { _ in nil }.split(separator: "\n").count,
            2,
            "no server is carried over"
        )
    }

    private static func requireShortLine(_ text: String, atMost limit: Int) throws {
        let isOneLine = text.unicodeScalars.allSatisfy { 0x20...0x7E ~= $0.value || $0 == "…" }
        try FuzzFailure.require(isOneLine && text.count <= limit, "the text is one short line: \(text)")
    }
}
