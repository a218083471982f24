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
    package struct Lost: Sendable, CustomStringConvertible {
        /// How it was lost.
        package enum Cause: Sendable {
            /// Its job server was stopped or killed at these times: without that server, the agent knows of no delivery.
            case server([Double])
            /// Its client has left at that time; the reply may have been under way since the other one.
            case client(left: Double, sentSince: Double?)
        }

        private let submitted: Double
        private let cause: Cause

        package init(submitted: Double, _ cause: Cause) {
            self.submitted = submitted
            self.cause = cause
        }

        package var description: String { "submitted at \(MeterAccount.text(submitted)), \(cause)" }

        /// When its report may have been made so that the agent could not know of the loss.
        var windows: [ClosedRange<Double>] {
            switch cause {
            case .server(let times): times.map { $0 - MeterAccount.delivery...$0 + MeterAccount.precision }
            case .client(let left, let since):
                [min(since ?? left, left - MeterAccount.delivery)...left + MeterAccount.notice]
            }
        }

        func isNear(_ time: Double) -> Bool { abs(submitted - time) < 2 }
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
    fileprivate static let delivery = 0.05
    /// How long it takes on a busy machine until a job server notices that a client has left, in seconds.
    fileprivate static let notice = 0.1
    /// The times in a report have microseconds.
    fileprivate static let precision = 0.000_01

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
            let near = lost.filter { $0.isNear(gap.upperBound) }.map(\.description).joined(separator: "; ")
            result.violations.append(
                "no client has a METRICS from \(Self.text(gap.lowerBound)) to \(Self.text(gap.upperBound)); lost: \(near)"
            )
        }
    }

    private static func text(_ report: Report) -> String { "\(text(report.start)) to \(text(report.end))" }

    fileprivate static func text(_ time: Double) -> String { "\(Double(Int(time * 1000)) / 1000) s" }
}
