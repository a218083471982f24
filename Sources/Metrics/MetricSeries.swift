// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Synchronization

/// One series of a ``MetricsRegistry``.
protocol MetricSeries: AnyObject, Sendable {
    /// The current value.
    var current: MetricValue { get }
}

/// A counter of whole numbers.
final class WholeCounter: MetricSeries, CounterHandler {
    private let count = Mutex<Int64>(0)

    var current: MetricValue { .integer(count.withLock { $0 }) }

    func increment(by amount: Int64) {
        // Prometheus interprets a falling counter as a restart of the process.
        guard amount > 0 else { return }
        count.withLock { count in
            let (sum, isTooLarge) = count.addingReportingOverflow(amount)
            count = isTooLarge ? .max : sum
        }
    }

    func reset() { count.withLock { $0 = 0 } }
}

/// A counter of floating-point numbers.
final class FractionalCounter: MetricSeries, FloatingPointCounterHandler {
    private let count = Mutex(0.0)

    var current: MetricValue { .number(count.withLock { $0 }) }

    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        count.withLock { $0 += amount }
    }

    func reset() { count.withLock { $0 = 0 } }
}

/// A gauge.
final class Gauge: MetricSeries, MeterHandler, RecorderHandler {
    private let value = Mutex(0.0)

    var current: MetricValue { .number(value.withLock { $0 }) }

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.withLock { $0 = value } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }
}

/// A histogram.
final class Histogram: MetricSeries, TimerHandler, RecorderHandler {
    /// The bounds of a recorder's buckets, whose unit is unknown.
    static let sizeBounds = (0...9).map { exponent in (0..<exponent).reduce(1.0) { power, _ in power * 10 } }

    private let distribution: Mutex<MetricDistribution>

    init(bounds: [Double]) { distribution = Mutex(MetricDistribution(bounds: bounds)) }

    var current: MetricValue { .distribution(distribution.withLock { $0 }) }

    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) { distribution.withLock { $0.observe(value) } }
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
}
