// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardMetrics
import TestServers
import Testing

@testable import SteelyardWorker

/// The documentation's table agrees with the code.
@Suite struct MetricsDocumentationTests {
    @Test func tableHasEachMetric() throws {
        let article = Environment.packageFolder.appending(path: "Sources/Core/Core.docc/Metrics.md")
        let rows = try String(contentsOf: article, encoding: .utf8).split(separator: "\n")
            .filter { $0.hasPrefix("| `steelyard_") || $0.hasPrefix("| `process_") }
        let expected = AgentMetric.all.map { metric in
            let labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
            return "| `\(metric.name)` | \(metric.kind.rawValue) | \(labels) | \(metric.help) |"
        }
        #expect(rows.map(String.init) == expected)
    }

    @Test func namesFollowTheConventions() {
        let names = AgentMetric.all.map(\.name)
        #expect(Set(names).count == names.count)
        for metric in AgentMetric.all {
            #expect(metric.name.hasPrefix("steelyard_") || metric.name.hasPrefix("process_"))
            #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter), "\(metric.name)")
            #expect(metric.name.hasSuffix("_info") == (metric.kind == .info), "\(metric.name)")
            #expect(metric.help.hasSuffix("."), "\(metric.name)")
        }
    }
}
