// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

extension NodeStatus {
    /// Creates a node's status from its row in HAProxy's statistics.
    ///
    /// - Parameters:
    ///   - worker: The worker that answered.
    ///   - uptime: The device's uptime in seconds.
    init(
        of node: Node,
        _ row: StatisticsTable.Row,
        _ worker: WorkerInfo,
        now: UTCTimestamp,
        uptime: Int64 = DeviceClock.uptime / 1_000_000
    ) {
        let status = row["status"]
        let since = Self.lastChange(row, now: now.microseconds / 1_000_000, uptime)
        switch node.condition {
        case .disabled: self.init(id: node.id, state: .disabled, since: since)
        // HAProxy does not report when a weight became 0.
        case .draining: self.init(id: node.id, state: .draining)
        case .enabled where status.hasPrefix("DOWN"):
            self.init(id: node.id, state: .down, reason: Self.reason(row), since: since)
        case .enabled where status.contains("(resolution)"):
            self.init(
                id: node.id,
                state: .down,
                reason: "its host name cannot be resolved (RSLV)",
                since: since
            )
        // An operator set it on the socket.
        case .enabled where status.hasPrefix("MAINT"): self.init(id: node.id, state: .disabled, since: since)
        // UP, "no check", NOLB, and DRAIN, which is HAProxy's state for weight 0.
        case .enabled:
            let isUnchecked = row["check_status"] == "INI" && !Self.wasCarriedOver(row, worker)
            self.init(id: node.id, state: .up, reason: isUnchecked ? Self.notChecked : nil, since: since)
        }
    }

    /// Whether the state is older than the worker, which then inherited it from the previous one.
    private static func wasCarriedOver(_ row: StatisticsTable.Row, _ worker: WorkerInfo) -> Bool {
        guard let age = Int64(row["lastchg"]), let uptime = worker.uptime else { return false }
        return age > uptime
    }

    /// When the node's state last changed; nil if the row has no age, or an age above the device's uptime.
    private static func lastChange(_ row: StatisticsTable.Row, now: Int64, _ uptime: Int64) -> UTCTimestamp? {
        // HAProxy counts whole seconds.
        guard let age = Int64(row["lastchg"]), age >= 0, age <= min(now, uptime) else { return nil }
        return UTCTimestamp(microseconds: (now - age) * 1_000_000)
    }

    /// The result of the last check in plain words, followed by HAProxy's code.
    private static func reason(_ row: StatisticsTable.Row) -> String {
        // An asterisk marks a check in progress: the row describes the previous one.
        let code = row["check_status"].drop { $0 == "*" || $0 == " " }
        let found = visible(row["last_chk"])
        let words =
            switch code {
            case "L4TOUT": "no answer within the timeout"
            case "L4CON": found.isEmpty ? "no connection" : found.lowercased()
            case "L6TOUT", "L6RSP": "no TLS connection"
            case "L7TOUT": "no HTTP answer within the timeout"
            case "L7RSP": "no valid HTTP answer"
            case "L7STS": "status \(visible(row["check_code"]))"
            case "SOCKERR": "the check could not open a socket"
            case "": "its checks fail"
            default: visible(row["check_desc"]).lowercased()
            }
        return code.isEmpty ? words : "\(words) (\(visible(code)))"
    }

    /// Makes a node's response printable, and limits its length in a reply.
    private static func visible(_ text: Substring) -> String {
        String(text.unicodeScalars.prefix(60).map { 0x20...0x7E ~= $0.value ? Character($0) : "?" })
    }
}
