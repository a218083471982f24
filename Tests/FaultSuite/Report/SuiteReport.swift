// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// The faults and results of a run.
package struct SuiteReport: Sendable, Codable {
    /// One round.
    package struct Round: Sendable, Codable {
        package let profile: String
        package let seconds: Double
        /// The bytes in METRICS, by protocol.
        package let metered: [String: Int]
        /// The bytes that the HTTP clients received, by protocol.
        package let received: [String: Int]
        /// The maximum number of missing bytes, because of killed HAProxy processes.
        package let tolerance: [String: Int]
        /// METRICS that were repeated because the agent could not know of the delivery.
        package let repeatedReports: Int
        /// METRICS that were lost because their client left or their job server ended at that moment.
        package let lostReports: Int
        /// Completely answered requests through the HTTP load balancer.
        package let requests: Int
        /// Their lines in the archive.
        package let archivedLines: Int
        package let held: LeakGauge
    }

    package let seed: UInt64
    package let minutes: Double
    /// The number of injections of each fault.
    package var faults: [String: Int] = [:]
    package var jobs: [String: JobTally.Counts] = [:]
    package var baseline = LeakGauge()
    package var rounds: [Round] = []
    package var violations: [String] = []
    /// The folder of the agent's logs; nil if it was removed.
    package var folder: String?

    package var hasPassed: Bool { violations.isEmpty }

    /// The report as JSON.
    package func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return try encoder.encode(self)
    }

    /// The report as text.
    package var text: String {
        var lines = ["seed \(seed), \(Self.number(minutes)) minutes", "", "injected: \(faults.values.reduce(0, +))"]
        lines += faults.sorted { $0.key < $1.key }.map { "  \(Self.pad($0.key, 44))\($0.value)" }
        lines += ["", Self.row(["jobs", "PASS", "FAIL", "lost", "left", "unsent", "longest s"])]
        lines += jobs.sorted { $0.key < $1.key }.map { name, counts in
            Self.row(
                [name]
                    + [counts.passed, counts.failed, counts.lost, counts.left, counts.unsent].map { "\($0)" }
                    + [Self.number(counts.longest)]
            )
        }
        let titles = ["round", "metered", "received", "may miss", "again", "gaps", "requests", "archived"]
        lines += ["", Self.row(titles)]
        for round in rounds {
            lines.append(
                Self.row(
                    [round.profile]
                        + [Self.sum(round.metered), Self.sum(round.received), Self.sum(round.tolerance)]
                        + [round.repeatedReports, round.lostReports, round.requests, round.archivedLines].map {
                            "\($0)"
                        }
                )
            )
        }
        let held = ["held", "descriptors", "threads", "memory kB", "children", "masters", "workers", "files"]
        lines += ["", Self.row(held), Self.row("baseline", baseline)]
        lines += rounds.map { Self.row($0.profile, $0.held) }
        lines += [""] + (hasPassed ? ["passed"] : ["FAILED: \(violations.count) violations"])
        lines += violations.prefix(20).map { "  \($0)" }
        if let folder { lines.append("the logs are in \(folder)") }
        return lines.joined(separator: "\n")
    }

    private static func row(_ name: String, _ gauge: LeakGauge) -> String {
        row(
            [name]
                + [gauge.descriptors, gauge.threads, gauge.memory, gauge.children, gauge.haproxyMasters]
                .map { "\($0)" } + ["\(gauge.haproxyWorkers)", "\(gauge.files.count)"]
        )
    }

    private static func row(_ cells: [String]) -> String {
        cells.enumerated().map { pad($1, $0 == 0 ? 14 : 13) }.joined()
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }

    private static func sum(_ bytes: [String: Int]) -> String { "\(bytes.values.reduce(0, +))" }

    private static func number(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
}
