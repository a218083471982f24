// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import SteelyardCore
import SteelyardMetrics

/// Counts the messages that the agent answers, and measures their duration.
struct JobMetrics: JobObserver {
    /// The action's label for a message that cannot be parsed.
    private static let unreadable = "invalid"
    /// HAProxy's plans, and the actions that stand for the plan if the driver reports none.
    private static let plans =
        ["nothing", "runtime", "reload", "restart", "start", "stop"]
        + [ActionKind.update, .suspend, .enable, .delete].map { $0.rawValue.lowercased() }

    private let registry: MetricsRegistry
    private let inProgress: Meter
    private let archiveObjects: Counter
    private let archiveLines: Counter
    private let archiveBytes: Counter
    private let archiveFailures: Counter

    /// - Parameters:
    ///   - registry: The registry of the values.
    ///   - lastArchive: The time of the last ARCHIVE that passed; nil if it is not known.
    init(_ registry: MetricsRegistry, lastArchive: UTCTimestamp? = nil) {
        self.registry = registry
        inProgress = Meter(label: AgentMetric.jobsInProgress.name, factory: registry)
        archiveObjects = Counter(label: AgentMetric.archiveObjects.name, factory: registry)
        archiveLines = Counter(label: AgentMetric.archiveLines.name, factory: registry)
        archiveBytes = Counter(label: AgentMetric.archiveBytes.name, factory: registry)
        archiveFailures = Counter(label: AgentMetric.archiveFailures.name, factory: registry)
        // Prometheus sees the first increase of a series only if the series existed before.
        for action in ActionKind.allCases {
            _ = jobs(action.rawValue, nil)
            _ = failures(action.rawValue)
        }
        _ = failures(Self.unreadable)
        for plan in Self.plans { _ = changes(plan, "FAIL") }
        if let lastArchive { Meter(label: AgentMetric.lastArchive.name, factory: registry).set(lastArchive.seconds) }
    }

    func jobBegan() { inProgress.increment() }

    func jobEnded(_ record: JobRecord) {
        inProgress.decrement()
        let action = record.action?.rawValue ?? Self.unreadable
        jobs(action, record.failure).increment()
        if record.failure != nil { failures(action).increment() }
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
        changes(plan, Self.result(record.failure)).increment()
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

    private func failures(_ action: String) -> Counter {
        Counter(label: AgentMetric.jobFailures.name, dimensions: [("action", action)], factory: registry)
    }

    private func changes(_ plan: String, _ result: String) -> Counter {
        Counter(
            label: AgentMetric.changes.name,
            dimensions: [("plan", plan), ("result", result)],
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
