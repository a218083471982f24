// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import SteelyardCore
import SteelyardMetrics

/// Counts and times the messages that the agent answers.
struct JobMetrics: JobObserver {
    /// The label of a message that could not be read.
    private static let unreadable = "invalid"

    private let registry: MetricsRegistry
    private let inHand: Meter
    private let archiveObjects: Counter
    private let archiveLines: Counter
    private let archiveBytes: Counter
    private let archiveFailures: Counter

    /// - Parameter registry: Keeps the values.
    init(_ registry: MetricsRegistry) {
        self.registry = registry
        inHand = Meter(label: AgentMetric.jobsInHand.name, factory: registry)
        archiveObjects = Counter(label: AgentMetric.archiveObjects.name, factory: registry)
        archiveLines = Counter(label: AgentMetric.archiveLines.name, factory: registry)
        archiveBytes = Counter(label: AgentMetric.archiveBytes.name, factory: registry)
        archiveFailures = Counter(label: AgentMetric.archiveFailures.name, factory: registry)
        // A series that begins with 0 shows its first change as an increase.
        for action in ActionKind.allCases { _ = jobs(action.rawValue, nil) }
    }

    func jobBegan() { inHand.increment() }

    func jobEnded(_ record: JobRecord) {
        inHand.decrement()
        let action = record.action?.rawValue ?? Self.unreadable
        jobs(action, record.failure).increment()
        let duration = Timer(
            label: AgentMetric.jobDuration.name,
            dimensions: [("action", action)],
            factory: registry
        )
        duration.recordNanoseconds(Int64(record.duration / .nanoseconds(1)))
        if record.isChange { changed(record, action) }
        if record.action == .archive { archived(record) }
    }

    private func changed(_ record: JobRecord, _ action: String) {
        guard !record.isDryRun else { return }
        let plan = record.plan?.kind ?? action.lowercased()
        let result = Self.result(record.failure)
        let dimensions = [("plan", plan), ("result", result)]
        Counter(label: AgentMetric.changes.name, dimensions: dimensions, factory: registry).increment()
        if record.failure == nil { setNow(AgentMetric.lastChange) }
    }

    private func archived(_ record: JobRecord) {
        guard record.failure == nil else { return archiveFailures.increment() }
        guard !record.isDryRun else { return }
        archiveObjects.increment(by: record.archived.count)
        for object in record.archived {
            archiveLines.increment(by: Int64(clamping: object.lineCount ?? 0))
            archiveBytes.increment(by: Int64(clamping: object.byteCount))
        }
        setNow(AgentMetric.lastArchive)
    }

    private func jobs(_ action: String, _ failure: ActionFailure?) -> Counter {
        Counter(
            label: AgentMetric.jobs.name,
            dimensions: [
                ("action", action), ("result", Self.result(failure)), ("code", failure?.code.rawValue ?? "none"),
            ],
            factory: registry
        )
    }

    private func setNow(_ metric: MetricDescription) {
        Meter(label: metric.name, factory: registry).set(UTCTimestamp.now.seconds)
    }

    private static func result(_ failure: ActionFailure?) -> String { failure == nil ? "PASS" : "FAIL" }
}

extension UTCTimestamp {
    /// The seconds since 1970.
    var seconds: Double { Double(microseconds) / 1e6 }
}
