// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import CoreMetrics
import Synchronization

/// A factory of swift-metrics that keeps all values in memory.
///
/// The number of series is limited, so that a label with many values cannot use much memory. Values beyond the limit are dropped, and
/// so are those of a metric whose name is used by a metric of another kind.
package final class MetricsRegistry: MetricsFactory {
    /// The series of one metric, by their labels.
    private struct Metric {
        let description: MetricDescription
        var series: [[MetricLabel]: any MetricSeries] = [:]
    }

    private struct State {
        var metrics: [String: Metric] = [:]
        var seriesCount = 0
        var droppedCount = 0
    }

    /// The upper bounds of a timer's buckets in seconds: actions take less than a millisecond to an hour.
    package static let durationBounds = [0.001, 0.005, 0.025, 0.1, 0.25, 1, 2.5, 10, 30, 120, 600, 3600]

    private let greatestSeriesCount: Int
    private let known: [String: MetricDescription]
    private let reserved: Set<String>
    private let state = Mutex(State())

    /// Creates a registry.
    ///
    /// - Parameters:
    ///   - known: Descriptions of metrics, for their help texts.
    ///   - reserved: Names of metrics that the registry must not contain.
    ///   - greatestSeriesCount: The largest number of series.
    package init(
        known: [MetricDescription] = [],
        reserved: Set<String> = [],
        greatestSeriesCount: Int = 2000
    ) {
        self.known = Dictionary(known.map { ($0.name, $0) }) { first, _ in first }
        self.reserved = reserved
        self.greatestSeriesCount = greatestSeriesCount
    }

    /// How many requests for a series were dropped.
    package var droppedCount: Int { state.withLock { $0.droppedCount } }

    /// The metrics with their current values, sorted by name, with the series sorted by their labels.
    package var families: [MetricFamily] {
        let metrics = state.withLock { $0.metrics }
        return metrics.values.sorted { $0.description.name < $1.description.name }.map { metric in
            let series = metric.series.sorted { first, second in
                first.key.lazy.map(\.value).lexicographicallyPrecedes(second.key.lazy.map(\.value))
            }
            return MetricFamily(metric.description, series.map { .init($0.key, $0.value.current) })
        }
    }

    private func series<Series: MetricSeries>(
        _ label: String,
        _ suffix: String,
        _ kind: MetricDescription.Kind,
        _ dimensions: [(String, String)],
        _ make: () -> Series
    ) -> Series? {
        let name = MetricName.metric(label, suffix: suffix)
        let labels = MetricName.labels(dimensions)
        return state.withLock { state in
            let names = labels.map(\.name)
            var metric =
                state.metrics[name]
                ?? Metric(description: known[name] ?? MetricDescription(name, kind, labels: names, label))
            if let series = metric.series[labels] as? Series { return series }
            guard metric.series[labels] == nil, metric.description.kind == kind, !reserved.contains(name),
                state.seriesCount < greatestSeriesCount
            else {
                state.droppedCount += 1
                return nil
            }
            let series = make()
            metric.series[labels] = series
            state.metrics[name] = metric
            state.seriesCount += 1
            return series
        }
    }

    private func remove(_ handler: AnyObject) {
        state.withLock { state in
            for (name, metric) in state.metrics {
                guard let key = metric.series.first(where: { $0.value === handler })?.key else { continue }
                state.metrics[name]?.series[key] = nil
                state.seriesCount -= 1
            }
        }
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, "_total", .counter, dimensions, WholeCounter.init) ?? NOOPMetricsHandler.instance
    }

    package func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(label, "_total", .counter, dimensions, FractionalCounter.init) ?? NOOPMetricsHandler.instance
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, "", .gauge, dimensions, Gauge.init) ?? NOOPMetricsHandler.instance
    }

    package func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        if aggregate {
            return series(label, "", .histogram, dimensions) { Histogram(bounds: Histogram.sizeBounds) }
                ?? NOOPMetricsHandler.instance
        }
        return series(label, "", .gauge, dimensions, Gauge.init) ?? NOOPMetricsHandler.instance
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, "_seconds", .histogram, dimensions) { Histogram(bounds: Self.durationBounds) }
            ?? NOOPMetricsHandler.instance
    }

    package func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { remove(handler) }
}
