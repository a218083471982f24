// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Compares the METRICS that clients have received with the bytes that the device's clients have received.
///
/// A report begins where the last delivered one ended. One that begins where an earlier one began is that one reported
/// again, and contains it.
package struct MeterAccount: Sendable {
    /// One METRICS that a client has received.
    package struct Report: Hashable, Sendable {
        /// The times of the run, in seconds.
        package let start: Double
        package let end: Double
        /// The bytes by protocol.
        package let bytes: [String: Int]
        /// Whether something was wrong with the transport at that time, so that the agent may not know of the delivery.
        package let isDisturbed: Bool

        package init(start: Double, end: Double, bytes: [String: Int], isDisturbed: Bool) {
            self.start = start
            self.end = end
            self.bytes = bytes
            self.isDisturbed = isDisturbed
        }
    }

    /// A METRICS whose reply did not reach its client.
    package struct Lost: Sendable {
        /// When its report may have been made so that the agent could not know of the loss: until the client or the job
        /// server had gone, and not long before.
        package let windows: [ClosedRange<Double>]

        package init(windows: [ClosedRange<Double>]) { self.windows = windows }

        /// - Parameters:
        ///   - gone: When the client or its job server went.
        ///   - since: The reply may have been under way since then; nil where nothing delayed it.
        package init(gone: [Double], since: Double? = nil) {
            windows = gone.map { min(since ?? $0, $0 - MeterAccount.delivery)...$0 + MeterAccount.race }
        }
    }

    /// What the reports come to.
    package struct Result: Sendable {
        package var bytes: [String: Int] = [:]
        /// The reports that came again.
        package var repeated = 0
        /// Times that were reported to nobody, in the instant in which the connection was lost.
        package var gaps: [ClosedRange<Double>] = []
        package var violations: [String] = []
    }

    /// How long a reply takes to its client, in seconds.
    private static let delivery = 0.05
    /// How long it takes until the agent can know that a client has gone, in seconds.
    private static let race = 0.005
    /// The times in a report have microseconds.
    private static let precision = 0.000_01

    private var reports: [Report] = []
    private var lost: [Lost] = []

    package init() {}

    package mutating func add(_ report: Report) { reports.append(report) }

    package mutating func add(_ attempt: Lost) { lost.append(attempt) }

    /// Adds the reports up.
    ///
    /// - Parameter start: Where the first one has to begin; nil for anywhere.
    package func result(from start: Double?) -> Result {
        var result = Result()
        var last: Report?
        for report in reports.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
            if let before = last, abs(report.start - before.start) < Self.precision {
                result.repeated += 1
                if !before.isDisturbed {
                    result.violations.append("the METRICS of \(Self.text(before)) came again without a reason")
                }
                for (name, bytes) in before.bytes {
                    result.bytes[name, default: 0] -= bytes
                    if bytes > report.bytes[name] ?? 0 {
                        result.violations.append("\(Self.text(report)) has less \(name) than \(Self.text(before))")
                    }
                }
            } else if let expected = last?.end ?? start {
                if report.start > expected + Self.precision {
                    judge(expected...report.start, &result)
                } else if report.start < expected - Self.precision {
                    result.violations.append("\(Self.text(report)) begins before \(Self.text(expected)) is over")
                }
            }
            for (name, bytes) in report.bytes { result.bytes[name, default: 0] += bytes }
            last = report
        }
        return result
    }

    /// Decides whether a time that no client has a report of is a loss of the agent's.
    private func judge(_ gap: ClosedRange<Double>, _ result: inout Result) {
        let isRace = lost.contains { $0.windows.contains { $0.contains(gap.upperBound) } }
        if isRace {
            result.gaps.append(gap)
        } else {
            result.violations.append(
                "no client has a METRICS from \(Self.text(gap.lowerBound)) to \(Self.text(gap.upperBound))"
            )
        }
    }

    private static func text(_ report: Report) -> String { "\(text(report.start)) to \(text(report.end))" }

    private static func text(_ time: Double) -> String { "\(Double(Int(time * 1000)) / 1000) s" }
}
