// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A status report for a reader: lines that fit a terminal.
struct StatusText {
    typealias Cell = TextTable.Cell

    /// More nodes are counted only, unless something is wrong with them.
    private static let mostNodes = 40
    private static let labelWidth = 13

    let report: StatusReport
    /// The terminal's columns.
    var width = 80
    var style = TextStyle(isColoured: false)

    /// The whole text.
    var text: String {
        let sections = [facts, nodes, Self.changes(report.changes, width: width, style: style)]
        return sections.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") + "\n" }.joined(separator: "\n")
    }

    // MARK: - Facts

    private var facts: [String] {
        [device, agent, proxy, oldProcesses, drift, certificates, jobServers, meter, archive, disks].flatMap { $0 }
    }

    /// Lines with a label before the first.
    private func labelled(_ label: String, _ values: [Cell]) -> [String] {
        values.enumerated().map { index, value in
            let text = DisplayText.safe(value.text, width: width - Self.labelWidth)
            let label = index == 0 ? label : ""
            let margin = String(repeating: " ", count: Self.labelWidth - label.count)
            return style.apply(.title, label) + margin + style.apply(value.style, text)
        }
    }

    private func age(_ time: StatusTime) -> String { DisplayText.duration(seconds: time.seconds(until: report.time)) }

    private var device: [String] {
        let device = report.device
        let since = device.since.map { " since \($0.text) UTC (\(age($0)))" } ?? ""
        let version = device.configurationVersion.map { [Cell(text: "config_version \($0)")] } ?? []
        switch device.phase {
        case .serving: return labelled("Device", [Cell(text: "serving\(since)", style: .good)] + version)
        case .suspended: return labelled("Device", [Cell(text: "suspended\(since)", style: .warning)] + version)
        case .deleted: return labelled("Device", [Cell(text: "deleted\(since)", style: .warning)])
        case .notConfigured:
            return labelled("Device", [Cell(text: "not configured: it waits for an UPDATE", style: .warning)])
        case .failing:
            let seen = device.since.map { "first seen \($0.text) UTC (\(age($0)) ago)" }
            return labelled(
                "Device",
                [Cell(text: "should serve and does not", style: .bad)]
                    + [device.reason, seen].compactMap(\.self).map { Cell(text: $0) } + version
            )
        }
    }

    private var agent: [String] {
        let agent = report.agent
        var values = [
            Cell(text: "\(agent.name) \(agent.release), process \(agent.processID), up \(age(agent.since))"),
            Cell(text: "driver \(agent.driver), function \(agent.function)"),
        ]
        if agent.isDryRun { values.append(Cell(text: "dry run: it changes nothing", style: .warning)) }
        return labelled("Agent", values)
    }

    private var proxy: [String] {
        guard let proxy = report.proxy else { return [] }
        var facts = ["\(proxy.name) \(proxy.version)"]
        if report.device.phase == .failing {
            facts.append("when it was last seen")
        } else {
            if let process = proxy.processID { facts.append("process \(process)") }
            if let since = proxy.since { facts.append("up \(age(since))") }
        }
        var values = [Cell(text: facts.joined(separator: ", "))]
        if proxy.unexpectedEnds > 0 {
            let times = DisplayText.count(proxy.unexpectedEnds, "time")
            values.append(Cell(text: "ended unexpectedly \(times) since the agent's start", style: .bad))
        }
        return labelled("Proxy", values)
    }

    private var oldProcesses: [String] {
        guard let old = report.proxy?.oldProcesses, !old.isEmpty else { return [] }
        let shown = old.prefix(8).map { "\($0.processID) (\(DisplayText.duration(seconds: $0.seconds)))" }
        let more = old.count - shown.count
        let text = shown.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
        return labelled("Old workers", ["finish their connections:", text].map { Cell(text: $0) })
    }

    private var drift: [String] {
        guard let proxy = report.proxy else { return [] }
        guard let drift = proxy.drift else {
            let found = proxy.driftCount > 0 ? "none now; found \(DisplayText.count(proxy.driftCount, "time"))" : "none"
            return labelled("Drift", [Cell(text: found)])
        }
        let lines = drift.split(separator: "\n").prefix(6).map { Cell(text: String($0)) }
        return labelled("Drift", [Cell(text: "another program has changed the device:", style: .bad)] + lines)
    }

    private var certificates: [String] {
        let certificates = report.certificates ?? []
        guard let first = certificates.min(by: { $0.notAfter.text < $1.notAfter.text }) else { return [] }
        let count = DisplayText.count(certificates.count, "certificate")
        let names = first.names.first.map { " (\($0))" } ?? ""
        let next = Cell(text: "\(count); the first to expire: \(first.id)\(names), \(first.notAfter.text) UTC")
        let warned = certificates.compactMap { certificate in
            certificate.warning.map { Cell(text: "\(certificate.id) \($0)", style: .bad) }
        }
        return labelled("Certificates", [next] + warned.prefix(8))
    }

    private var jobServers: [String] {
        let values = report.jobServers.flatMap { server -> [Cell] in
            let again = server.reconnectCount > 0 ? "; \(DisplayText.count(server.reconnectCount, "reconnect"))" : ""
            if let since = server.connectedSince {
                return [Cell(text: "\(server.address) connected for \(age(since))\(again)", style: .good)]
            }
            let time = server.disconnectedSince.map { " for \(age($0))" } ?? ""
            let state = Cell(text: "\(server.address) not connected\(time)\(again)", style: .bad)
            return [state] + [server.lastError].compactMap(\.self).map { Cell(text: "  \($0)") }
        }
        return labelled("Job servers", values)
    }

    private var meter: [String] {
        guard let meter = report.meter else { return [] }
        let bytes = meter.bytesOut.sorted { $0.key < $1.key }.map { "\($0.key) \(DisplayText.bytes($0.value))" }
        let sent = bytes.isEmpty ? "no bytes" : bytes.joined(separator: ", ")
        let last = meter.lastMetrics.map { "last METRICS \(age($0)) ago" } ?? "no METRICS since the agent's start"
        return labelled("Meter", [Cell(text: "\(sent) sent since the agent's start"), Cell(text: last)])
    }

    private var archive: [String] {
        guard let archive = report.lastArchive else { return [] }
        let objects = archive.objectCount.map { ", \(DisplayText.count($0, "object"))" } ?? ""
        let bytes = archive.objectBytes.map { ", \(DisplayText.bytes($0))" } ?? ""
        let isPass = archive.result == "PASS"
        let text = "\(archive.result) \(archive.time.text) UTC (\(age(archive.time)) ago)\(objects)\(bytes)"
        return labelled(
            "Last ARCHIVE",
            [Cell(text: text, style: isPass ? .plain : .bad)]
                + [archive.error].compactMap(\.self).map { Cell(text: $0) }
        )
    }

    private var disks: [String] {
        labelled(
            "Disk",
            report.disks.map { disk in
                let isShort = disk.freeBytes < disk.totalBytes / 20
                let free = "\(DisplayText.bytes(disk.freeBytes)) of \(DisplayText.bytes(disk.totalBytes)) free"
                return Cell(text: "\(disk.name): \(free) at \(disk.directory)", style: isShort ? .warning : .plain)
            }
        )
    }

    // MARK: - Tables

    private var nodes: [String] {
        guard !report.nodes.isEmpty else { return [] }
        var shown = report.nodes
        if shown.count > Self.mostNodes { shown = Array(shown.filter { $0.status != "UP" }.prefix(Self.mostNodes)) }
        let counts = ["UP", "DOWN", "DRAINING", "DISABLED"].compactMap { status in
            let count = report.nodes.count { $0.status == status }
            return count > 0 ? "\(count) \(status)" : nil
        }
        let left = report.nodes.count - shown.count
        let title = "Nodes: " + counts.joined(separator: ", ") + (left > 0 ? "; \(left) not listed, see --json" : "")
        guard !shown.isEmpty else { return [style.apply(.title, title)] }
        var table = TextTable()
        table.column("LOAD BALANCER", atMost: 16)
        table.column("NODE", atMost: 16)
        table.column("STATUS", atMost: 8)
        table.column("FOR", atMost: 10)
        table.column("REASON", atMost: .max)
        for node in shown {
            let owner = [node.loadBalancer, node.listenerProtocol, node.pool.map { "pool \($0)" }].compactMap(\.self)
                .joined(separator: " ")
            table.row([
                Cell(text: DisplayText.safe(owner)), Cell(text: DisplayText.safe(node.id)),
                Cell(text: node.status, style: node.status == "UP" ? .good : node.status == "DOWN" ? .bad : .warning),
                Cell(text: node.since.map(age) ?? ""), Cell(text: DisplayText.safe(node.reason ?? "")),
            ])
        }
        return [style.apply(.title, title)] + table.lines(width: width, style: style)
    }

    /// The changes, the last one first.
    static func changes(_ changes: [HistoryEntry], width: Int, style: TextStyle) -> [String] {
        guard !changes.isEmpty else { return [style.apply(.title, "Changes: none yet")] }
        var table = TextTable()
        table.column("TIME (UTC)", atMost: 19)
        table.column("ACTION", atMost: 8)
        table.column("RESULT", atMost: 6)
        table.column("TOOK", atMost: 9, isRight: true)
        table.column("PLAN", atMost: 12)
        table.column("JOB", atMost: .max)
        for change in changes.reversed() {
            let isPass = change.result == "PASS"
            let result = isPass && change.isDryRun ? "DRY" : change.result
            let error = [change.errorCode, change.error].compactMap(\.self).joined(separator: ": ")
            table.row(
                [
                    Cell(text: change.time.text), Cell(text: DisplayText.safe(change.action)),
                    Cell(text: DisplayText.safe(result), style: isPass ? .good : .bad),
                    Cell(text: DisplayText.duration(microseconds: change.microseconds)),
                    Cell(text: DisplayText.safe(change.plan ?? "")),
                    Cell(text: DisplayText.safe(change.handle), keepsEnd: true),
                ],
                note: error.isEmpty ? nil : Cell(text: DisplayText.safe(error))
            )
        }
        return [style.apply(.title, "Changes, latest first")] + table.lines(width: width, style: style)
    }
}
