// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Compares the METRICS that clients received with the bytes that the device's clients received.
///
/// A report starts where the last delivered one ended. If it starts where an earlier one started, it contains and
/// replaces that one.
package struct MeterAccount: Sendable {
    /// One METRICS that a client received.
    package struct Report: Hashable, Sendable {
        /// The times in the run, in seconds.
        package let start: Double
        package let end: Double
        /// The bytes by protocol.
        package let bytes: [String: Int]
        /// Whether the transport failed at that time, so that the agent may not know of the delivery.
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
        /// The cause of the loss.
        package enum Cause: Sendable {
            /// Its job server was stopped or killed at these times, and the agent learns of deliveries only from the
            /// server.
            case server([Double])
            /// Its client left at that time; the reply may have been in transit since the other time.
            case client(left: Double, sentSince: Double?)
        }

        private let submitted: Double
        private let cause: Cause

        package init(submitted: Double, _ cause: Cause) {
            self.submitted = submitted
            self.cause = cause
        }

        package var description: String { "submitted at \(MeterAccount.text(submitted)), \(cause)" }

        /// The times at which a report may have been made without the agent learning of its loss.
        var windows: [ClosedRange<Double>] {
            switch cause {
            case .server(let times): times.map { $0 - MeterAccount.delivery...$0 + MeterAccount.precision }
            case .client(let left, let since):
                [min(since ?? left, left - MeterAccount.delivery)...left + MeterAccount.notice]
            }
        }

        func isNear(_ time: Double) -> Bool { abs(submitted - time) < 2 }
    }

    /// The sum of the reports.
    package struct Result: Sendable {
        package var bytes: [String: Int] = [:]
        /// The number of repeated reports.
        package var repeated = 0
        /// Periods that no client received, because the connection was lost at that moment.
        package var gaps: [ClosedRange<Double>] = []
        package var violations: [String] = []
    }

    /// The transit time of a reply to its client, in seconds.
    fileprivate static let delivery = 0.05
    /// The time until a job server on a busy machine notices that a client has left, in seconds.
    fileprivate static let notice = 0.1
    /// Reports contain times in microseconds.
    fileprivate static let precision = 0.000_01

    private var reports: [Report] = []
    private var lost: [Lost] = []

    package init() {}

    package mutating func add(_ report: Report) { reports.append(report) }

    package mutating func add(_ attempt: Lost) { lost.append(attempt) }

    /// Adds up the reports.
    ///
    /// - Parameter start: The expected start of the first one; nil for any.
    package func result(from start: Double?) -> Result {
        var result = Result()
        var last: Report?
        for report in reports.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
            if let before = last, abs(report.start - before.start) < Self.precision {
                result.repeated += 1
                if !before.isDisturbed {
                    result.violations.append("the METRICS of \(Self.text(before)) was repeated without a reason")
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
                    result.violations.append("\(Self.text(report)) starts before \(Self.text(expected))")
                }
            }
            for (name, bytes) in report.bytes { result.bytes[name, default: 0] += bytes }
            last = report
        }
        return result
    }

    /// Decides whether the agent caused a period without a report.
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
